/** What a shell has to know to complete the command lines of `orion`: it asks the program, and nothing else. */

/** The shells that are known. */
export const shells = ['bash', 'zsh', 'fish'] as const
/** One of them. */
export type Shell = (typeof shells)[number]

/** The script for a shell, to be read by it when it starts. */
export function shellScript(shell: Shell): string {
  return scripts[shell]
}

// The name stands plainly in the functions, so that an alias of that name is taken where there is one.
const scripts: { readonly [S in Shell]: string } = {
  bash: `# Completion for orion: source <(orion completion bash)
_orion() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(orion __complete bash "\${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null </dev/null)
}
complete -o nospace -o bashdefault -o default -F _orion orion
`,
  zsh: `#compdef orion
# Completion for orion: source <(orion completion zsh), after compinit
_orion() {
  local line value tab=$'\\t'
  local -a whole whole_shown open
  while IFS= read -r line; do
    value=\${line%%$tab*}
    value=\${value[2,-1]}
    if [[ $line == =* ]]; then
      whole+=("$value")
      whole_shown+=("$value  \${line#*$tab}")
    else
      open+=("$value")
    fi
  done < <(orion __complete zsh -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null </dev/null)
  if (( \${#whole} + \${#open} == 0 )); then
    _files
    return
  fi
  (( \${#whole} )) && compadd -l -d whole_shown -- "\${whole[@]}"
  (( \${#open} )) && compadd -S '' -- "\${open[@]}"
}
compdef _orion orion
`,
  fish: `# Completion for orion: orion completion fish | source
function __orion_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    orion __complete fish -- $words[2..-1] $current 2>/dev/null </dev/null
end
complete -c orion -a '(__orion_complete)'
`,
}
