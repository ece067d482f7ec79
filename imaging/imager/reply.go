package imager

import (
	"errors"
	"fmt"
	"io"

	"burnish/imaging"
)

// writeReply sends what an engine made of a photo. A result that cannot be sent, because it
// is too large or has no JSON, is sent as a refusal instead.
func writeReply(w io.Writer, res imaging.Result, failure error) error {
	head, failure := replyHeader(res, failure)
	if err := writeFrame(w, kindReply, head); err != nil {
		return err
	}
	if failure != nil {
		return nil
	}
	for _, v := range res.Variants {
		if err := writeFrame(w, kindBlob, v.Data); err != nil {
			return err
		}
	}
	return nil
}

// replyHeader returns the header for a result, or the one for the failure that it also
// returns.
func replyHeader(res imaging.Result, failure error) ([]byte, error) {
	if failure == nil {
		var head []byte
		if head, failure = resultHeader(res); failure == nil {
			return head, nil
		}
	}
	head, err := header(reply{Reason: reasonOf(failure), Message: bounded(failure.Error())})
	if err != nil {
		panic(err) // two short strings always have a JSON form
	}
	return head, failure
}

func resultHeader(res imaging.Result) ([]byte, error) {
	sizes := make([]int64, len(res.Variants))
	total := int64(0)
	for i, v := range res.Variants {
		sizes[i] = int64(len(v.Data))
		total += sizes[i]
	}
	if total > maxReply {
		return nil, fmt.Errorf("%w: variants of %d bytes together, at most %d", imaging.ErrTooLarge, total, maxReply)
	}
	head, err := header(reply{Result: &res, Sizes: sizes})
	if err != nil {
		return nil, fmt.Errorf("result cannot be sent: %w", err)
	}
	return head, nil
}

// readReply reads what became of the photo that asked stands for. The error is a *refusal
// when the child refused the photo; after any other, the child is of no more use.
//
// The child has read untrusted bytes, so nothing it says is taken on trust: only formats that
// were asked for, only names that are safe in a path, and no more variants or bytes than the
// request can yield.
func readReply(r io.Reader, asked imaging.Variants) (imaging.Result, error) {
	var p reply
	if err := parse(r, kindReply, &p); err != nil {
		return imaging.Result{}, unexpected(err)
	}
	if p.Reason != "" {
		refused, err := refusalFor(p.Reason, p.Message)
		if err != nil {
			return imaging.Result{}, err
		}
		return imaging.Result{}, refused
	}
	if err := check(p, asked); err != nil {
		return imaging.Result{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	for i, size := range p.Sizes {
		data, err := readBlob(r, size)
		if err != nil {
			return imaging.Result{}, err
		}
		p.Result.Variants[i].Data = data
	}
	return *p.Result, nil
}

// check holds a reply against the request before anything is allocated for it.
func check(p reply, asked imaging.Variants) error {
	if p.Result == nil {
		return errors.New("neither result nor reason")
	}
	if len(p.Sizes) != len(p.Result.Variants) {
		return fmt.Errorf("%d sizes for %d variants", len(p.Sizes), len(p.Result.Variants))
	}
	formats := wanted(asked)
	if most := len(formats) * max(1, len(asked.Widths)); len(p.Sizes) > most {
		return fmt.Errorf("%d variants, at most %d were asked for", len(p.Sizes), most)
	}
	total := int64(0)
	for _, size := range p.Sizes {
		if size < 0 || size > maxReply-total {
			return fmt.Errorf("variants of more than %d bytes together", maxReply)
		}
		total += size
	}
	return checkNames(p.Result.Variants, formats)
}

func checkNames(variants []imaging.Variant, formats map[imaging.Format]bool) error {
	type file struct {
		name   string
		format imaging.Format
	}
	seen := make(map[file]bool)
	for _, v := range variants {
		f := file{v.Name, v.Format}
		switch {
		case !formats[v.Format]:
			return fmt.Errorf("variant in the format %.40q, which was not asked for", v.Format)
		case !plain(v.Name):
			return fmt.Errorf("variant with the name %.40q", v.Name)
		case seen[f]:
			return fmt.Errorf("variant %s.%s twice", v.Name, v.Format.Ext())
		}
		seen[f] = true
	}
	return nil
}

// wanted is the set of formats that a request asks for.
func wanted(v imaging.Variants) map[imaging.Format]bool {
	formats := make(map[imaging.Format]bool)
	if v.JPEG != nil {
		formats[imaging.JPEG] = true
	}
	if v.WebP != nil {
		formats[imaging.WebP] = true
	}
	if v.AVIF != nil {
		formats[imaging.AVIF] = true
	}
	return formats
}

// plain reports whether a variant's name can stand in a path.
func plain(name string) bool {
	for _, c := range []byte(name) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name != "" && len(name) <= 64
}
