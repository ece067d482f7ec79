package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// commandLine is a command in the documents: a line of a block, or a piece of text set as code.
var commandLine = regexp.MustCompile("(?m)^ {4}(?:bin/)?(burnish [a-z].*)$|`(?:bin/)?(burnish [a-z][^`]*)`")

// spoken ends a command: a redirection, a pipe, what is said of it, or something that is left out.
var spoken = regexp.MustCompile(`\s{2,}|\s+#|\s*[|;&>]|\s*…`)

// words takes a command apart as a shell does, as far as documents need it.
func words(command string) (words []string) {
	for _, w := range regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`).FindAllString(command, -1) {
		words = append(words, strings.Trim(w, `'"`))
	}
	return words
}

// A command in the documents that the program does not take helps nobody at night. In the midst of a
// sentence it may lack what it needs besides.
func TestDocumentedCommandsAreTaken(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for _, file := range append(files, "../../README.md") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range commandLine.FindAllStringSubmatch(strings.ReplaceAll(string(data), "\\\n", " "), -1) {
			command := strings.TrimPrefix(found[1]+found[2], "burnish ")
			if at := spoken.FindStringIndex(command); at != nil {
				command = command[:at[0]]
			}
			args := words(command)
			if len(args) < 2 && found[1] == "" || strings.Contains(command, "VERB") {
				continue // a verb by its name, without what it needs
			}
			taken++
			_, err := new(cli).parser().Parse(args)
			if err != nil && !strings.Contains(err.Error(), "missing flags") && !strings.Contains(err.Error(), "<EOL>") {
				t.Errorf("%s: burnish %s: %v", filepath.Base(file), command, err)
			}
		}
	}
	if taken < 40 {
		t.Errorf("only %d commands were found", taken)
	}
}
