import { examples, runAction } from '../action.ts'
import type { Command } from 'commander'
import { Failure, type ExitCode, sayWhole } from '../print/say.ts'
import { createProgram } from '../program.ts'

const SHELLS = ['bash', 'zsh', 'fish']

interface Completed {
  /** Words of the command, such as `inbox list`. */
  readonly path: string
  readonly text: string
  /** Subcommands and options that may follow the command. */
  readonly words: readonly string[]
  readonly flags: readonly { readonly name: string; readonly text: string }[]
  readonly first: readonly string[]
}

export function declare(command: Command): void {
  command
    .addHelpText(
      'after',
      examples(
        'completion bash >> ~/.bashrc',
        'completion zsh > "${fpath[1]}/_postern"',
        'completion fish > ~/.config/fish/completions/postern.fish',
      ),
    )
    .action(runAction((shell: string) => completionCommand(shell)))
}

async function completionCommand(shell: string): Promise<ExitCode> {
  const make = { bash, zsh, fish }[shell]
  if (!make) throw new Failure(2, `completion: shell must be bash, zsh or fish, got ${shell}`)
  const { catalogue } = await import('@postern/providers/catalogue')
  const program = await createProgram()
  const senders = [...catalogue.keys()]
  const all = program.commands.flatMap((command) => [
    completed(command, '', senders),
    ...command.commands.map((one) => completed(one, `${command.name()} `, senders)),
  ])
  sayWhole(make(all, senders))
  return 0
}

function completed(command: Command, prefix: string, senders: readonly string[]): Completed {
  const [argument] = command.registeredArguments
  const kind = argument?.name() ?? ''
  const first = ['provider', 'sender', 'name'].includes(kind) ? senders : []
  const flags = command.options.flatMap(({ long, description }) =>
    long ? [{ name: long, text: description }] : [],
  )
  return {
    path: prefix + command.name(),
    text: command.description(),
    words: [...command.commands.map((one) => one.name()), ...flags.map(({ name }) => name)],
    flags,
    first: kind === 'shell' ? SHELLS : first,
  }
}

function topOf(all: readonly Completed[]): readonly Completed[] {
  return all.filter(({ path }) => !path.includes(' '))
}

function isGroup(all: readonly Completed[], { path }: Completed): boolean {
  return all.some((other) => other.path.startsWith(`${path} `))
}

// Returns the cases of the shell's `case` statement. A subcommand such as `inbox list` has a pattern of two words, any
// other command a pattern of one word.
function casesOf(all: readonly Completed[], line: (words: string) => string): readonly string[] {
  const nested = all.filter(({ path }) => path.includes(' '))
  const plain = topOf(all).filter((one) => !isGroup(all, one))
  const groups = topOf(all).filter((one) => isGroup(all, one))
  return [
    ...nested.map(({ path, words }) => `    '${path}') ${line(words.join(' '))} ;;`),
    ...groups.map(({ path, words }) => `    '${path} '*) ${line(words.join(' '))} ;;`),
    ...plain.map(
      ({ path, words, first }) => `    '${path} '*) ${line([...first, ...words].join(' '))} ;;`,
    ),
  ]
}

function bash(all: readonly Completed[], senders: readonly string[]): string {
  const reply = (words: string): string =>
    `COMPREPLY=($(compgen -W '${words}' -- "$current")); return`
  return `_postern() {
  local current=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]}
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    -p|--provider) ${reply(senders.join(' '))} ;;
  esac
  [ "$COMP_CWORD" -gt 2 ] && command="$command \${COMP_WORDS[2]}" || command="$command "
  [ "$COMP_CWORD" -gt 1 ] && case "$command" in
${casesOf(all, reply).join('\n')}
  esac
  COMPREPLY=($(compgen -W '${topOf(all)
    .map(({ path }) => path)
    .join(' ')}' -- "$current"))
}
complete -o default -F _postern postern`
}

function zsh(all: readonly Completed[], senders: readonly string[]): string {
  const quoted = (text: string): string => text.replaceAll("'", '').replaceAll(':', ' -')
  return `#compdef postern
_postern() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${topOf(all)
  .map(({ path, text }) => `      '${path}:${quoted(text)}'`)
  .join('\n')}
    )
    _describe command commands
    return
  fi
  case $words[CURRENT-1] in
    -p|--provider) compadd -- ${senders.join(' ')}; return ;;
  esac
  local command="$words[2] "
  (( CURRENT > 3 )) && command="$words[2] $words[3]"
  case $command in
${casesOf(all, (words) => `compadd -- ${words}; _files`).join('\n')}
  esac
}
# As a file of fpath it is called; by eval or source it is registered.
if [ "$funcstack[1]" = "_postern" ]; then _postern "$@"; else compdef _postern postern; fi`
}

function fish(all: readonly Completed[], senders: readonly string[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", '')}'`
  const lines: string[] = []
  for (const one of all) {
    const [top, verb] = one.path.split(' ')
    const verbs = one.words.filter((word) => !word.startsWith('-')).join(' ')
    const within = `__fish_seen_subcommand_from ${top}${verb === undefined ? '' : `; and __fish_seen_subcommand_from ${verb}`}`
    if (verb === undefined)
      lines.push(`complete -c postern -n __fish_use_subcommand -a ${top} -d ${quoted(one.text)}`)
    if (verbs !== '')
      lines.push(
        `complete -c postern -n '${within}; and not __fish_seen_subcommand_from ${verbs}' -a '${verbs}'`,
      )
    if (one.first.length > 0)
      lines.push(`complete -c postern -n '${within}' -a '${one.first.join(' ')}'`)
    for (const { name, text } of one.flags) {
      const values = name === '--provider' ? ` -x -a '${senders.join(' ')}'` : ''
      lines.push(
        `complete -c postern -n '${within}' -l ${name.slice(2)} -d ${quoted(text)}${values}`,
      )
    }
  }
  return lines.join('\n')
}
