package metadata

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func TestPacket(t *testing.T) {
	long := strings.Repeat("ü", 2000)
	full := statement{}
	full.say("dc:rights", "© 2026 <Ann & Bea>")
	full.say("dc:creator", "Ann", "Bea")
	full.say("photoshop:Credit", `Ann "the eye"`)
	full.say("cc:license", "https://creativecommons.org/licenses/by/4.0/")
	full.say("xmpMM:OriginalDocumentID", "xmp.did:1")

	const head = "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"`
	const tail = `</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`
	tests := []struct {
		name string
		s    statement
		want string
	}{
		{"nothing", statement{}, ""},
		{"only an id", said("xmpMM:OriginalDocumentID", "xmp.did:1"), ""},
		{"only blanks", said("dc:rights", " \x00\n "), ""},
		{"an address too long to keep", said("xmpRights:WebStatement", "https://"+long), ""},
		{"all forms", full, head +
			` xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:cc="http://creativecommons.org/ns#"` +
			` xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"` +
			` photoshop:Credit="Ann &#34;the eye&#34;" xmpMM:OriginalDocumentID="xmp.did:1">` +
			`<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© 2026 &lt;Ann &amp; Bea&gt;</rdf:li></rdf:Alt></dc:rights>` +
			`<dc:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>Bea</rdf:li></rdf:Seq></dc:creator>` +
			`<cc:license rdf:resource="https://creativecommons.org/licenses/by/4.0/"/>` + tail},
		{"a long text is cut at a character", said("dc:creator", long), head + ">" +
			`<dc:creator><rdf:Seq><rdf:li>` + strings.Repeat("ü", 126) + `…</rdf:li></rdf:Seq></dc:creator>` + tail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(tt.s.packet()); got != tt.want {
				t.Errorf("packet:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func said(key string, texts ...string) statement {
	s := statement{}
	s.say(key, texts...)
	return s
}

// Texts that double in size when escaped, in every property, still make a packet in bounds,
// and the most important stay.
func TestPacketIsBounded(t *testing.T) {
	s := statement{}
	for _, p := range properties {
		var items []item
		for range 100 {
			it := item{text: strings.Repeat("&", p.limit), fields: map[string]string{}}
			for _, f := range p.fields {
				it.fields[f] = strings.Repeat("<", p.limit)
			}
			items = append(items, it)
		}
		s.set(p, items...)
	}
	packet := s.packet()
	if len(packet) > MaxPacket || len(packet) < MaxPacket/4 {
		t.Errorf("packet of %d bytes, want close to and at most %d", len(packet), MaxPacket)
	}
	for _, name := range []string{"dc:rights", "dc:creator", "photoshop:Credit"} {
		if !strings.Contains(string(packet), name) {
			t.Errorf("%s has given way to something less important", name)
		}
	}
	wellFormed(t, packet)
}

func wellFormed(t *testing.T, packet []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(packet)))
	for {
		_, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("packet is no XML: %v\n%s", err, packet)
		}
	}
}
