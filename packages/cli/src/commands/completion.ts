import type { Command } from 'commander'
import { Failure, say, type ExitCode } from '../outcome.ts'

/** `postern completion <shell>`: a script for bash, zsh or fish, made of the commands as they are. */
export function completionCommand(shell: string, program: Command): ExitCode {
  const tree = program.commands.map((command) => ({
    name: command.name(),
    text: command.description(),
    words: [...command.commands.map((one) => one.name()), ...flagsOf(command)],
  }))
  if (shell === 'bash') {
    say('_postern() {\n  local current=${COMP_WORDS[COMP_CWORD]}\n  case "${COMP_WORDS[1]}" in')
    for (const { name, words } of tree)
      say(
        `    ${name}) COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$current")); [ "$COMP_CWORD" -gt 1 ] && return ;;`,
      )
    say(
      `  esac\n  COMPREPLY=($(compgen -W '${tree.map(({ name }) => name).join(' ')}' -- "$current"))\n}\ncomplete -F _postern postern`,
    )
  } else if (shell === 'zsh') {
    say('#compdef postern\nif (( CURRENT == 2 )); then\n  local -a commands=(')
    for (const { name, text } of tree) say(`    '${name}:${text.replaceAll(/[':]/g, '')}'`)
    say('  )\n  _describe command commands\n  return\nfi\ncase $words[2] in')
    for (const { name, words } of tree) say(`  ${name}) compadd -- ${words.join(' ')} ;;`)
    say('esac')
  } else if (shell === 'fish') {
    for (const { name, text, words } of tree) {
      say(
        `complete -c postern -n __fish_use_subcommand -a ${name} -d '${text.replaceAll("'", '')}'`,
      )
      say(`complete -c postern -n '__fish_seen_subcommand_from ${name}' -a '${words.join(' ')}'`)
    }
  } else throw new Failure(2, `completion: shell must be bash, zsh or fish, got ${shell}`)
  return 0
}

function flagsOf(command: Command): readonly string[] {
  return command.options.flatMap(({ long }) => long ?? [])
}
