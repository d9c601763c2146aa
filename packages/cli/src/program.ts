import { Command } from 'commander'
import { examples, run } from './action.ts'
import { rendered, useAscii } from './terminal.ts'
import { frameworks, hostNames } from './hosts.ts'
import { inboxes, placeOptions } from './inboxes.ts'
import { version } from './version.ts'
import { inboxCommands } from './program-inbox.ts'
import { senderCommands } from './program-sender.ts'

const many = (value: string, all: readonly string[] = []): readonly string[] => [...all, value]

/** The commands. Each loads its module when it runs, so that `--help` costs what commander costs. */
export function createProgram(): Command {
  const program = new Command('postern')
    .description(
      'Webhooks: see why one was refused, send signed ones, listen, and operate an inbox.',
    )
    .version(version())
    .option('--ascii', 'print printable ASCII alone')
    .on('option:ascii', useAscii)
    .configureOutput({
      writeOut: (text) => process.stdout.write(rendered(text)),
      writeErr: (text) => process.stderr.write(rendered(text)),
    })
    .exitOverride()
    .showHelpAfterError('(postern --help shows all commands)')
    .addHelpText(
      'after',
      `${examples(
        'send github issues.opened --to http://localhost:3000/webhooks/github',
        'listen stripe --port 4000',
        'explain ./request.json --provider stripe --env .env',
        'inbox list --sqlite webhooks.db --state dead',
      )}\n\nExit codes: 0 as asked, 1 the answer is no (refused, not found), 2 wrong use, 3 the other side failed.`,
    )

  program
    .command('init')
    .description('write a receiver, a handler, a route and a test into this project')
    .option('-p, --provider <name>', 'who sends, as in `postern providers`')
    .option('--inbox <name>', `one of ${Object.keys(inboxes).join(', ')}`)
    .option(
      '--framework <name>',
      `one of ${frameworks.join(', ')} (default: as package.json has it)`,
    )
    .option('--path <path>', 'path of the route (default: /webhooks/<provider>)')
    .option('--dry-run', 'print the files, and write nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('init --provider github --inbox sqlite'))
    .action(
      run(async (options: never) => (await import('./commands/init.ts')).initCommand(options)),
    )

  placeOptions(
    sender(program.command('explain <request>')),
    'the request is the id of a delivery in an inbox',
  )
    .description('tell why a saved request was refused')
    .requiredOption('-p, --provider <name>', 'who sent it, as in `postern providers`')
    .option(
      '--at <time>',
      'judge by this time: an ISO date or milliseconds since 1970 (default: that of the file, else now)',
    )
    .option('--ms <milliseconds>', 'how long to search', '5000')
    .option('--entry <number>', 'which entry of a HAR file, counted from 1')
    .option('-H, --header <line>', 'the request is a URL with this header; can be repeated', many)
    .option('-X, --request <method>', 'its method (default: POST with a body)')
    .option('-d, --data <text>', 'its body, or @file without line ends, as in curl')
    .option('--data-raw <text>', 'its body as it is given')
    .option('--data-binary <text>', 'its body, or @file with the exact bytes')
    .option(
      '--seal-key <key>',
      'the key of a sealed inbox; can be repeated (default: POSTERN_SEAL_KEY, then .env)',
      many,
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'explain ./request.json --provider stripe --env .env',
        'explain - --provider github < request.http',
        "explain https://example.com/hooks --provider github -H 'x-hub-signature-256: sha256=…' --data-binary @body",
        'explain 0mh3k… --provider slack --sqlite webhooks.db',
      ),
    )
    .action(
      run(async (source: string, options: never) =>
        (await import('./commands/explain.ts')).explainCommand(source, options),
      ),
    )

  sender(program.command('send <provider> [topic]'))
    .description('send a correctly signed delivery')
    .requiredOption('--to <url>', 'where to')
    .option('--data <json>', 'payload to lay over the sample, or @file')
    .option('--set <a.b=value>', 'one member of the payload; can be repeated', many)
    .option('--count <number>', 'how many', '1')
    .option('--rate <number>', 'how many a second (default: one after another)')
    .option('--duplicate', 'send the same delivery again')
    .option('--tamper', 'change a byte after signing: it must be refused')
    .option('--stale', 'sign it 30 days ago: it must be refused if the sender signs a time')
    .option('--timeout <seconds>', 'how long to wait for a reply', '30')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'send github issues.opened --to http://localhost:3000/webhooks/github',
        'send stripe invoice.paid --to http://localhost:3000/stripe --set data.object.total=999',
        'send shopify --to http://localhost:3000/shopify --count 100 --rate 20',
      ),
    )
    .action(
      run(async (name: string, topic: string | undefined, options: never) =>
        (await import('./commands/send.ts')).sendCommand(name, topic, options),
      ),
    )

  sender(program.command('listen <provider>'))
    .description('receive deliveries and print them')
    .option('--port <number>', 'port of this machine; 0 takes a free one', '3000')
    .option('--store <file>', 'keep them in a SQLite inbox')
    .option('--forward <url>', 'hand each verified delivery on')
    .option('--output <how>', 'interactive, compact or json (default: interactive in a terminal)')
    .addHelpText(
      'after',
      examples('listen github', 'listen stripe --port 4000 --forward http://localhost:3000/stripe'),
    )
    .action(
      run(async (name: string, options: never) =>
        (await import('./commands/listen.ts')).listenCommand(name, options),
      ),
    )

  program
    .command('providers [name]')
    .description('list the senders, or tell all about one')
    .option('--json', 'print JSON')
    .option('--host <name>', `an app for one of ${hostNames.join(', ')}, or for all`)
    .addHelpText('after', examples('providers', 'providers twilio', 'providers stripe --host koa'))
    .action(
      run(async (name: string | undefined, options: never) =>
        (await import('./commands/providers.ts')).providersCommand(name, options),
      ),
    )

  senderCommands(program)

  inboxCommands(program.command('inbox').description('look into an inbox and change it'))

  placeOptions(sender(program.command('inspect')))
    .description('show the inbox on a page of this machine')
    .option('--port <number>', 'port of this machine; 0 takes a free one', '4400')
    .option('-p, --provider <name>', 'whose refusals are explained, with --secret or its variable')
    .addHelpText(
      'after',
      examples(
        'inspect --sqlite webhooks.db',
        'inspect --postgres "$DATABASE_URL" --provider stripe --env .env',
      ),
    )
    .action(
      run(async (options: never) =>
        (await import('./commands/inspect.ts')).inspectCommand(options),
      ),
    )

  placeOptions(program.command('mcp'))
    .description('serve the inbox to an agent, as a local MCP server over stdio')
    .option('--allow-actions', 'allow replaying tasks, and sending to --url')
    .option(
      '--url <url>',
      "the receiver's own URL: with --allow-actions, deliveries are sent there",
    )
    .addHelpText(
      'after',
      examples(
        'mcp --sqlite webhooks.db',
        'mcp --sqlite webhooks.db --allow-actions --url http://localhost:3000/webhooks/github',
      ),
    )
    .action(run(async (options: never) => (await import('./commands/mcp.ts')).mcpCommand(options)))

  program
    .command('completion <shell>')
    .description('print a completion script for bash, zsh or fish')
    .addHelpText(
      'after',
      examples(
        'completion bash >> ~/.bashrc',
        'completion zsh > "${fpath[1]}/_postern"',
        'completion fish > ~/.config/fish/completions/postern.fish',
      ),
    )
    .action(
      run(async (shell: string) =>
        (await import('./commands/completion.ts')).completionCommand(shell, program),
      ),
    )

  return program
}

/** Options that make a provider. */
function sender(command: Command): Command {
  return command
    .option(
      '-s, --secret <secret>',
      'its secret; can be repeated (default: from the environment, then .env)',
      many,
    )
    .option('--env <file>', 'a .env file that counts before the environment')
    .option('-o, --option <name=value>', 'a further option of the provider; can be repeated', many)
}
