import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { readTemplate } from "../../oras/commands/template/template.ts";
import { TemplateError } from "../../oras/commands/template/template_error.ts";

const VALUE = {
  reference: "localhost:5000/t/app@sha256:0123456789ab",
  digest: "sha256:0123456789ab",
  size: 12345678,
  content: {
    schemaVersion: 2,
    config: { mediaType: "application/vnd.oci.empty.v1+json", size: 2 },
    layers: [
      { mediaType: "a/b", size: 3, annotations: { "x.y": "<1>" } },
      { mediaType: "c/d", size: 1234567 },
    ],
    none: null,
    big: 9007199254740993n,
    half: 0.5,
  },
};

/** Templates with what they print, as text/template and sprig define it. */
const PRINTS: readonly (readonly [template: string, expected: string])[] = [
  // Text, trimming and comments
  ["plain", "plain"],
  ["a {{- 1 -}} b", "a1b"],
  ["a{{/* not seen */}}b {{- /* nor this */ -}} c", "abc"],
  ["{{- 1 }}\n{{ 2 -}}\n", "1\n2"],
  // Fields
  ["{{.digest}}", "sha256:0123456789ab"],
  ["{{.size}} {{(index .content.layers 1).size}}", "12345678 1234567"],
  [
    "{{.content.config}}",
    "map[mediaType:application/vnd.oci.empty.v1+json size:2]",
  ],
  [
    "{{.nope}} {{.nope.x.y}} {{.content.none}}",
    "<no value> <no value> <no value>",
  ],
  ["{{.toString}} {{.constructor}}", "<no value> <no value>"],
  ["{{.content.big}} {{.content.half}}", "9007199254740993 0.5"],
  ['{{index .content.layers 0 "annotations" "x.y"}}', "<1>"],
  // Control
  ["{{if eq .size 1}}a{{else if gt (len .digest) 3}}b{{else}}c{{end}}", "b"],
  ["{{if .content.none}}a{{else}}b{{end}}", "b"],
  [
    "{{range $i, $l := .content.layers}}{{$i}}={{$l.size}};{{end}}",
    "0=3;1=1234567;",
  ],
  [
    "{{range $k, $v := .content.config}}{{$k}}={{$v}};{{end}}",
    "mediaType=application/vnd.oci.empty.v1+json;size=2;",
  ],
  ["{{range .nope}}x{{else}}none{{end}}", "none"],
  [
    "{{range .content.layers}}{{if eq .size 3}}{{continue}}{{end}}{{.size}}{{break}}{{end}}",
    "1234567",
  ],
  ["{{range 3}}{{.}}{{end}}", "012"],
  ["{{range .content.layers}}{{$.size}} {{end}}", "12345678 12345678 "],
  [
    "{{with .content.config}}{{.size}}{{end}}{{with .nope}}a{{else with .size}}{{.}}{{else}}c{{end}}",
    "212345678",
  ],
  ["{{$x := 1}}{{range list 2 3}}{{$x = .}}{{end}}{{$x}}", "3"],
  ["{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"],
  [
    '{{define "t"}}[{{.}}]{{end}}{{template "t" .size}}{{block "b" 3}}<{{.}}>{{end}}',
    "[12345678]<3>",
  ],
  // Built-in functions
  [
    '{{and 1 0}} {{or 0 "x"}} {{not true}} {{and}}'.replace(" {{and}}", ""),
    "0 x false",
  ],
  ['{{or .size (fail "not called")}}', "12345678"],
  ['{{len .content.layers}} {{len "é"}} {{len .content.config}}', "2 2 2"],
  [
    '{{print 1 2 "a" "b" 3}}|{{println "a" 1}}',
    "1 2a b3|a 1\n".replace("a b", "ab"),
  ],
  [
    `{{html "<a>&'\\""}} {{js "'<"}} {{urlquery "a b&é"}}`,
    "&lt;a&gt;&amp;&#39;&#34; \\'\\u003C a+b%26%C3%A9",
  ],
  [
    '{{eq "a" "b" "a"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{ge 1 2}}',
    "true true true true true false",
  ],
  [
    '{{printf "%s|%5s|%-5s|%q|%x|%t|%v|%05d|%+d|%.2f|%e|%c|%U|%%|%T" "a" "b" "c" "d\\n\\"" "hi" true nil 42 7 1.5 12345.678 65 65 "s"}}',
    'a|    b|c    |"d\\n\\""|6869|true|<nil>|00042|+7|1.50|1.234568e+04|A|U+0041|%|string',
  ],
  ['{{printf "%d %s" "a"}}', "%!d(string=a) %!s(MISSING)"],
  ['{{printf "%s" "a" "b" 3}}', "a%!(EXTRA string=b, int=3)"],
  ['{{printf "%.3s|%*d|%.0f" "abcdef" 4 7 .size}}', "abc|   7|12345678"],
  ['{{.size | printf "%d"}} {{1 | add 2}}', "12345678 3"],
  [
    "{{0x10}} {{1e3}} {{'a'}} {{-3}} {{true}} {{`raw\\n`}}",
    "16 1000 97 -3 true raw\\n",
  ],
  // Formats as Go has them
  [
    '{{printf "%[2]d %[1]d|%[2]*[1]d|%[3]d" 1 4}}',
    "4 1|   1|%!d(BADINDEX)",
  ],
  [
    '{{printf "%+.1f|%.0f|%.0f|%.3g|%G" 1.25 0.5 1.5 1234.5 0.00001}}',
    "+1.2|0|2|1.23e+03|1E-05",
  ],
  ["{{1234567.5}} {{1.5e-7}} {{123456.7}}", "1.2345675e+06 1.5e-07 123456.7"],
  ['{{printf "%.3d|%6.3d|%.0d|%O|%#x" 5 5 0 8 255}}', "005|   005||0o10|0xff"],
  [
    '{{printf "%05s|%#q|%+q|%# x|%X" "a" "b" "ä" "hi" "hi"}}',
    '0000a|`b`|"\\u00e4"|0x68 0x69|6869',
  ],
  ['{{printf "%c|%q|%#U|%c" 65 65 8364 -1}}', "A|'A'|U+20AC '€'|\ufffd"],
  [
    '{{printf "%#v %#v" (list 1 "a" nil) .content.config}}',
    '[]interface {}{1, "a", interface {}(nil)} map[string]interface {}' +
    '{"mediaType":"application/vnd.oci.empty.v1+json", "size":2}',
  ],
  [
    '{{printf "%s|%5d" (list "a" nil) (list 1 nil)}}',
    "[a <nil>]|[    1 <nil>]",
  ],
  ['{{printf "%999999999d" 1}}', "%!(BADWIDTH)%!(EXTRA int=1)"],
  // sprig: strings
  [
    '{{title "hello wORLD foo-bar x_y"}} {{upper "ßa"}} {{swapcase "aBc"}}',
    "Hello WORLD Foo-Bar X_y ßA AbC",
  ],
  [
    '{{snakecase "HTTPServer"}} {{kebabcase "HTTPServer x_y"}}',
    "http_server http-server-x-y",
  ],
  [
    '{{splitn "$" 2 "a$b$c"}} {{trimall "$" "$a$"}} [{{join "," nil}}]',
    "map[_0:a _1:b$c] a []",
  ],
  [
    '{{base ""}} {{base "a/"}} {{dir "a//b"}} {{dir "../a/./b"}} {{clean "/a/../b//c"}} {{isAbs "/a"}} {{osBase "/a/b"}}',
    ". a a ../a /b/c true b",
  ],
  [
    '{{upper "abc" | lower | title | quote}} {{replace "a" "b" "banana"}} {{trimSuffix "x" "abcx"}}',
    '"Abc" bbnbnb abc',
  ],
  [
    '{{join "," (list 1 2 "c")}} {{splitList "/" "a/b"}} {{(split ":" .digest)._0}}',
    "1,2,c [a b] sha256",
  ],
  [
    '{{substr 0 4 "hello"}} {{trunc -3 "hello"}} {{trunc 12 .digest}} {{repeat 3 "ab"}}',
    "hell llo sha256:01234 ababab",
  ],
  [
    '{{nospace "a b"}} {{abbrev 5 "hello world"}} {{initials "a bc d"}} {{indent 2 "a\\nb"}} {{cat "a" 1}}',
    "ab he... abd   a\n  b a 1",
  ],
  [
    '{{snakecase "FirstName"}} {{camelcase "http_server"}} {{kebabcase "FirstName"}}',
    "first_name httpServer first-name",
  ],
  [
    '{{b64enc "hi"}} {{b64dec "aGk="}} {{base "a/b.c"}} {{dir "a/b.c"}} {{ext "a/b.c"}}',
    "aGk= hi b.c a .c",
  ],
  ['{{b64enc "é¿"}} {{b64dec "w6nC\\nvw=="}}', "w6nCvw== é¿"],
  [
    '{{regexMatch "^a.c$" "abc"}} {{regexReplaceAll "a(x*)b" "-ab-axxb-" "${1}W"}} {{regexFindAll "[2,4]" "1234" -1}}',
    "true -W-xxW- [2 4]",
  ],
  [
    "{{toJson .content.config}}",
    '{"mediaType":"application/vnd.oci.empty.v1+json","size":2}',
  ],
  [
    "{{toJson (index .content.layers 0).annotations}} {{toRawJson (index .content.layers 0).annotations}}",
    '{"x.y":"\\u003c1\\u003e"} {"x.y":"<1>"}',
  ],
  [
    "{{toPrettyJson .content.config}}",
    '{\n  "mediaType": "application/vnd.oci.empty.v1+json",\n  "size": 2\n}',
  ],
  [
    "{{toJson .content.big}} {{toRawJson .content.big}} {{toJson .nope}}",
    "9007199254740993 9007199254740993 null",
  ],
  ['{{(fromJson "{\\"a\\":[1]}").a}}', "[1]"],
  [
    '{{regexReplaceAll "a" "banana" "$0$0"}} {{regexReplaceAll "a" "banana" "$&"}} {{regexReplaceAll "(a)" "b a" "$2x"}}|{{regexReplaceAll "(?P<n>a)" "ba" "<${n}>"}}',
    "baanaanaa b$&n$&n$& b |b<a>",
  ],
  [
    '{{regexSplit "z" "azbzc" 2}} {{regexSplit "z+" "pizza zoo" -1}} {{regexQuoteMeta "1.2+3"}} {{mustRegexMatch "a" "a"}}',
    "[a bzc] [pi a  oo] 1\\.2\\+3 true",
  ],
  [
    '{{regexFind "[[:digit:]]+" "a12"}} {{regexFind "[\\\\w-\\\\.]+" "a-b.c d"}} {{regexFind "\\\\@{" "a@{"}} {{regexMatch "(?i)\\\\Aabc\\\\z" "ABC"}}',
    "12 a-b.c @{ true",
  ],
  [
    `{{regexMatch "^(a+)+$" "${"a".repeat(40)}!"}}`,
    "false",
  ],
  // sprig: values
  [
    '{{default "d" .nope}} {{empty ""}} {{coalesce "" 0 "z"}} {{ternary "a" "b" true}}',
    "d true z a",
  ],
  [
    '{{add 1 2}} {{div 7 2}} {{mod 7 3}} {{max 1 5 2}} {{round 3.14159 2}} {{int "12"}}',
    "3 3 1 5 3.14 12",
  ],
  [
    "{{(first .content.layers).size}} {{last (list 1 2)}} {{rest (list 1 2)}} {{reverse (list 1 2)}} {{uniq (list 1 1 2)}}",
    "3 2 [2] [2 1] [1 2]",
  ],
  [
    "{{has 2 (list 1 2)}} {{without (list 1 2 3) 2}} {{until 3}} {{untilStep 0 6 2}} {{seq 0 2 6}}",
    "true [1 3] [0 1 2] [0 2 4] 0 2 4 6",
  ],
  [
    '{{dict "a" 1 "b" "c"}} {{keys .content.config | sortAlpha | join ","}} {{hasKey .content "config"}} {{pick .content.config "size"}}',
    "map[a:1 b:c] mediaType,size true map[size:2]",
  ],
  [
    '{{$d := dict "a" 1}}{{$_ := set $d "b" 2}}{{$d}}{{$_ := unset $d "a"}}{{$d}}',
    "map[a:1 b:2]map[b:2]",
  ],
  [
    '{{$d := dict}}{{$_ := set $d "__proto__" 1}}{{$d}} {{$d.x}}',
    "map[__proto__:1] <no value>",
  ],
  [
    '{{merge (dict "a" 1) (dict "a" 2 "b" 3)}} {{mergeOverwrite (dict "a" 1) (dict "a" 2 "b" 3)}}',
    "map[a:1 b:3] map[a:2 b:3]",
  ],
  [
    "{{divf 10 4}} {{addf 1.5 2}} {{subf 5 1.5}} {{mulf 1.5 2}} {{maxf 1 2.5}} {{biggest 1 9}}",
    "2.5 3.5 3.5 3 2.5 9",
  ],
  [
    '{{round -1.5 0}} {{round 2.5 0}} {{atoi " 4"}} {{atoi "042"}} [{{seq}}] [{{seq 0 0 5}}]',
    "-2 3 0 42 [] []",
  ],
  [
    '{{chunk 2 (list 1 2 3)}} {{mustToJson (list 1)}} {{deepEqual (list 1) (list 1)}} {{print (dict "a" nil)}}',
    "[[1 2] [3]] [1] true map[a:<nil>]",
  ],
  [
    '{{dig "config" "nope" "other" .content}} {{kindOf .content.layers}} {{typeOf "a"}}',
    "other slice string",
  ],
];

for (const [template, expected] of PRINTS) {
  Deno.test(`readTemplate() prints ${JSON.stringify(template)}`, () => {
    assertStrictEquals(readTemplate(template)(VALUE), expected);
  });
}

/** Templates with what is wrong with them, behind `template: format output:`. */
const FAILS: readonly (readonly [template: string, message: string])[] = [
  ["{{", "1: unclosed action"],
  ["a\nb {{", "2: unclosed action"],
  ["{{if .size}}", "1: unexpected EOF"],
  ["{{end}}", "1: unexpected {{end}}"],
  ["{{if}}x{{end}}", "1: missing value for if"],
  ["{{bad}}", '1: function "bad" not defined'],
  ["{{$y}}", '1: undefined variable "$y"'],
  ['{{ "abc }}', "1: unterminated quoted string"],
  ["{{ 'ab' }}", "1: malformed character constant: 'ab'"],
  ["{{ .size ) }}", "1: unexpected right paren"],
  ["{{ ( .size }}", "1: unclosed left paren"],
  ["{{break}}", "1: {{break}} outside {{range}}"],
  [
    "{{and}}",
    '1:2: executing "format output" at <and>: wrong number of args for and: want at least 1 got 0',
  ],
  [
    "{{range $i, $j := 3}}{{end}}",
    '1:8: executing "format output" at <3>: can\'t use 3 to iterate over more than one variable',
  ],
  [
    "{{slice (list 1) -1}}",
    '1:2: executing "format output" at <slice (list 1) -1>: error calling slice: slice index out of bounds',
  ],
  [
    "{{.digest.x}}",
    '1:9: executing "format output" at <.digest.x>: can\'t evaluate field x in type interface {}',
  ],
  [
    "x\n {{ index .content.layers 9 }}",
    '2:4: executing "format output" at <index .content.layers 9>: error calling index: index out of range: 9',
  ],
  [
    '{{"a" "b"}}',
    '1:2: executing "format output" at <"a">: can\'t give argument to non-function "a"',
  ],
  [
    '{{eq "a" 1}}',
    '1:2: executing "format output" at <eq "a" 1>: error calling eq: incompatible types for comparison: string and int',
  ],
  [
    "{{trim}}",
    '1:2: executing "format output" at <trim>: wrong number of args for trim: want 1 got 0',
  ],
  [
    '{{fail "boom"}}',
    '1:2: executing "format output" at <fail "boom">: error calling fail: boom',
  ],
  [
    "{{div 1 0}}",
    '1:2: executing "format output" at <div 1 0>: error calling div: integer divide by zero',
  ],
  [
    '{{template "no"}}',
    '1:11: executing "format output" at <{{template "no"}}>: template "no" not defined',
  ],
  [
    "{{range .digest}}{{end}}",
    '1:8: executing "format output" at <.digest>: range can\'t iterate over sha256:0123456789ab',
  ],
  [
    '{{define "t"}}{{template "t"}}{{end}}{{template "t"}}',
    '1:25: executing "format output" at <{{template "t"}}>: exceeded maximum template depth',
  ],
  [`${"{{if true}}".repeat(300)}`, "1: nested too deeply"],
];

for (const [template, message] of FAILS) {
  const name = template.length > 60 ? `${template.slice(0, 60)}…` : template;
  Deno.test(`readTemplate() refuses ${JSON.stringify(name)}`, () => {
    const error = assertThrows(
      () => readTemplate(template)(VALUE),
      TemplateError,
    );
    assertEquals(error.message, `template: format output:${message}`);
  });
}
