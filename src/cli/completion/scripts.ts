/**
 * What a shell runs once, so that Tab asks `firedrill complete`. Words go there as arguments: nothing that stands on a
 * command line is run by a completion. A line is a word, a tab and what it means; `:files` stands for files of the shell.
 */
export const scripts = {
  bash: String.raw`_firedrill() {
  local word about
  COMPREPLY=()
  while IFS=$'\t' read -r word about; do
    if [[ $word == :files ]]; then
      compopt -o default
    else
      # Bash itself keeps what stands before a "=".
      COMPREPLY+=("${"${word#--*=}"}")
    fi
  done < <(firedrill complete -- "${"${COMP_WORDS[@]:1:COMP_CWORD}"}" 2>/dev/null)
}
complete -F _firedrill firedrill`,
  zsh: String.raw`#compdef firedrill
_firedrill() {
  local word about
  local -a known
  while IFS=$'\t' read -r word about; do
    if [[ $word == :files ]]; then
      _files
      return
    fi
    known+=("${"${word//:/\\\\:}"}:$about")
  done < <(firedrill complete -- "${"${(@)words[2,CURRENT]}"}" 2>/dev/null)
  _describe firedrill known
}
if [[ $funcstack[1] == _firedrill ]]; then
  _firedrill "$@"
else
  compdef _firedrill firedrill
fi`,
  fish: String.raw`function __firedrill
  set -l words (commandline -opc) (commandline -ct)
  for line in (firedrill complete -- $words[2..-1] 2>/dev/null)
    if test $line = :files
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c firedrill -f -a '(__firedrill)'`,
} as const;

export type Shell = keyof typeof scripts;
