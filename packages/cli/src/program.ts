import { Command } from 'commander'
import { examples } from './action.ts'
import { rendered, useAscii } from './print/terminal.ts'
import { version } from './version.ts'

/** Module in `commands/`. `declare` adds options, examples and the action to a command. */
interface CommandFile {
  readonly declare: (command: Command) => void
}

/** All commands: usage, description and module. To add a command, add its file and a row here. */
const COMMANDS: readonly (readonly [
  usage: string,
  does: string,
  load: () => Promise<CommandFile>,
])[] = [
  ['init', 'write a receiver, route, handler and test', () => import('./commands/init.ts')],
  [
    'explain <request>',
    'explain why a saved request was rejected',
    () => import('./commands/explain.ts'),
  ],
  [
    'send <provider> [topic]',
    'send a correctly signed delivery',
    () => import('./commands/send.ts'),
  ],
  ['audit <url>', 'check a webhook endpoint, in any language', () => import('./commands/audit.ts')],
  [
    'vectors',
    'print signed deliveries with their expected outcomes',
    () => import('./commands/vectors.ts'),
  ],
  ['listen [provider]', 'receive deliveries and print them', () => import('./commands/listen.ts')],
  [
    'dev [provider] [app...]',
    'start the app, reachable for the provider',
    () => import('./commands/dev.ts'),
  ],
  [
    'providers [provider]',
    'list the providers, or describe one',
    () => import('./commands/providers.ts'),
  ],
  [
    'register [provider]',
    'register the receiver with the provider',
    () => import('./commands/register.ts'),
  ],
  [
    'catch-up [provider]',
    'fetch events that the receiver missed',
    () => import('./commands/catch-up.ts'),
  ],
  ['inbox', 'inspect and change an inbox', () => import('./commands/inbox.ts')],
  ['inspect', 'serve a local page that shows the inbox', () => import('./commands/inspect.ts')],
  ['mcp', 'serve the inbox as an MCP server (stdio)', () => import('./commands/mcp.ts')],
  [
    'completion <shell>',
    'print a completion script: bash, zsh, fish',
    () => import('./commands/completion.ts'),
  ],
]

/**
 * Creates the program with all commands. `words` are the arguments of the command line. Only modules of commands that
 * `words` name are loaded, so that `--help` is fast. Without `words`, all modules are loaded. `started` is called with
 * the command whose action starts.
 */
export async function createProgram(
  words?: readonly string[],
  started: (command: Command) => void = () => undefined,
): Promise<Command> {
  const program = new Command('postern')
    .description('Explain, send, receive and register webhooks; operate inboxes.')
    .version(version())
    .option('--ascii', 'print only ASCII characters')
    .on('option:ascii', useAscii)
    .configureOutput({
      writeOut: (text) => process.stdout.write(rendered(text)),
      writeErr: (text) => process.stderr.write(rendered(text)),
    })
    .exitOverride()
    .showHelpAfterError('(postern --help shows all commands)')
    .hook('preAction', (_program, command) => started(command))
    .addHelpText(
      'after',
      `${examples(
        'send github issues.opened --to http://localhost:3000/webhooks/github',
        'listen stripe --port 4000',
        'explain ./request.json --provider stripe --env .env',
        'inbox list --sqlite webhooks.db --state dead',
      )}\n\nExit codes: 0 success, 1 negative result (rejected, not found), 2 wrong usage, 3 the other side failed.`,
    )

  for (const [usage, does, load] of COMMANDS) {
    const command = program.command(usage).description(does)
    if (words === undefined || words.includes(command.name())) (await load()).declare(command)
    endWithUsage(command)
  }
  return program
}

export function usageOf(command: Command): string {
  const names: string[] = []
  for (let at: Command | null = command; at; at = at.parent) names.unshift(at.name())
  const path = names.join(' ')
  return `Usage: ${path} ${command.usage()}\n(${path} --help shows its options)`
}

/** Makes commander print the usage of a command, and of its subcommands, below errors. */
function endWithUsage(command: Command): void {
  command.showHelpAfterError(usageOf(command))
  for (const one of command.commands) endWithUsage(one)
}
