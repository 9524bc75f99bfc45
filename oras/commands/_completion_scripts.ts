/** Makes a shell's completion script for a program. */
type CompletionScript = (program: string, describes: boolean) => string;

/** The completion scripts, by shell. Each asks the program by `__complete`. */
export const COMPLETION_SCRIPTS: Readonly<Record<string, CompletionScript>> = {
  bash,
  zsh,
  fish,
  powershell,
};

/**
 * bash takes words apart at `:` and `=` too, unless told otherwise. So the words are
 * read from the line itself, and what bash holds for the beginning of the last one is
 * taken off the answers.
 */
function bash(program: string, describes: boolean): string {
  const show = describes
    ? `if (( \${#COMPREPLY[@]} > 1 )); then
    local width=0 index
    for line in "\${COMPREPLY[@]}"; do
      (( \${#line} > width )) && width=\${#line}
    done
    for index in "\${!COMPREPLY[@]}"; do
      printf -v "COMPREPLY[index]" '%-*s  (%s)' "$width" \\
        "\${COMPREPLY[index]}" "\${purposes[index]}"
    done
  fi`
    : ":";
  return `# bash completion for ${program}
_${program}() {
  local line last="" typed held purposes=()
  local words=()
  read -ra words <<<"\${COMP_LINE:0:COMP_POINT}"
  typed="\${words[\${#words[@]}-1]}"
  if [[ "\${COMP_LINE:0:COMP_POINT}" == *[[:space:]] ]]; then
    words+=("")
    typed=""
  fi
  held="\${COMP_WORDS[COMP_CWORD]}"
  case "$held" in ":" | "=") held="" ;; esac
  local start="\${typed%"$held"}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -n "$last" ]]; then
      COMPREPLY+=("\${last%%$'\\t'*}")
      purposes+=("\${last#*$'\\t'}")
    fi
    last="$line"
  done < <("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null)
  COMPREPLY=("\${COMPREPLY[@]#"$start"}")
  if [[ "$last" != ":files" ]]; then
    compopt +o default 2>/dev/null
  fi
  # Words that readline would insert must stand alone; lists may say more.
  [[ "$COMP_TYPE" == 63 || "$COMP_TYPE" == 33 ]] || return 0
  ${show}
}
complete -o default -F _${program} ${program}
`;
}

function zsh(program: string, describes: boolean): string {
  const item = describes
    ? `items+=("\${word//:/\\\\:}:\${line#*$'\\t'}")`
    : `items+=("\${word//:/\\\\:}")`;
  return `#compdef ${program}
# zsh completion for ${program}
_${program}() {
  local line word
  local -a lines items
  lines=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${(@)lines[1,-2]}"; do
    word="\${line%%$'\\t'*}"
    ${item}
  done
  (( \${#items} )) && _describe '${program}' items
  [[ "\${lines[-1]}" == ":files" ]] && _files
}
if [[ "\${funcstack[1]}" == "_${program}" ]]; then
  _${program} "$@"
else
  compdef _${program} ${program}
fi
`;
}

function fish(program: string, describes: boolean): string {
  const print = describes
    ? "$lines[1..-2]"
    : "(string split -f 1 \\t -- $lines[1..-2])";
  return `# fish completion for ${program}
function __${program}_complete
  set -l words (commandline -opc)
  set -l typed (commandline -ct)
  test (count $typed) -eq 0; and set typed ''
  set -l lines ($words[1] __complete $words[2..-1] $typed 2>/dev/null)
  test (count $lines) -gt 1; and printf '%s\\n' ${print}
  test "$lines[-1]" = ':files'; and __fish_complete_path $typed
end
complete -c ${program} -f -a '(__${program}_complete)'
`;
}

function powershell(program: string, describes: boolean): string {
  return `# PowerShell completion for ${program}
Register-ArgumentCompleter -Native -CommandName '${program}' -ScriptBlock {
  param($typed, $ast, $cursor)
  $line = $ast.ToString()
  if ($line.Length -gt $cursor) { $line = $line.Substring(0, $cursor) }
  $words = @($line -split '\\s+' | Where-Object { $_ -ne '' })
  $arguments = @($words | Select-Object -Skip 1)
  if ($typed -eq '') { $arguments += '""' }
  $lines = @(& $words[0] __complete @arguments 2>$null)
  $lines | Select-Object -SkipLast 1 | ForEach-Object {
    $word, $purpose = $_ -split "\\t", 2
    ${
    describes ? "" : "$purpose = $word\n    "
  }[System.Management.Automation.CompletionResult]::new(
      $word, $word, 'ParameterValue', $purpose)
  }
}
`;
}
