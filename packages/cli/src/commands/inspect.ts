import type { Command } from 'commander'
import { examples, runAction, signals } from '../action.ts'
import { listenOn } from '../listening.ts'
import { placeOptions, type InboxOptions } from '../inboxes.ts'
import { senderOptions } from '../options/shared-options.ts'
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { logger } from '@postern/core'
import { inspector } from '@postern/inspector/node'
import { openInbox } from '../inbox.ts'
import { portOption } from '../options/checked-options.ts'
import { Failure, type ExitCode, remark, say } from '../print/say.ts'
import { providerOf, type SenderOptions } from '../sender/sender.ts'
import { shown } from '../print/terminal.ts'

interface InspectOptions extends InboxOptions, SenderOptions {
  readonly port: string
  readonly provider?: string
  readonly allowActions?: boolean
}

export function declare(command: Command): void {
  placeOptions(senderOptions(command))
    .option('--port <number>', 'set the local port; 0 picks any', '4400')
    .option('-p, --provider <provider>', 'explain rejections of this provider, with --secret')
    .option('--allow-actions', 'allow replaying, deleting and editing tasks')
    .addHelpText(
      'after',
      examples(
        'inspect --sqlite webhooks.db',
        'inspect --postgres "$DATABASE_URL" --provider stripe --env .env',
      ),
    )
    .action(runAction(inspectCommand))
}

/**
 * `postern inspect`: serves the page of `@postern/inspector` for an inbox. The printed address contains the key to the
 * page. Ctrl-C ends the command.
 */
async function inspectCommand(options: InspectOptions): Promise<ExitCode> {
  if (options.secret !== undefined && options.provider === undefined)
    throw new Failure(2, '--secret needs --provider: the sender whose secret it is')
  const port = portOption(options.port)
  const found = options.provider && (await providerOf(options.provider, options))
  const allow = options.allowActions ? 'all' : 'read'
  const inbox = await openInbox(options, options.allowActions)
  try {
    if (!inbox.view) throw new Failure(2, `${inbox.name} cannot list its tasks`)
    const key = randomBytes(32).toString('base64url')
    const page = inspector({
      inbox,
      auth: { token: key, as: 'postern inspect', allow },
      name: 'postern inspect',
      ...(found && { providers: [found.provider] }),
      log: logger({ info: remark, warn: remark, error: remark }),
    })
    const server = createServer((request, response) => void answer(page, request, response))
    const bound = await listenOn(server, port)
    say(`http://localhost:${bound}/#key=${key}`)
    remark(
      `Anyone with this address and its key can use the page. ${
        options.allowActions
          ? 'This process has no handlers: tasks that you replay wait for the app.'
          : 'The page is read-only: to replay and delete, start it with --allow-actions.'
      }` +
        (found
          ? ` Rejections of ${found.about.title} are explained with the secret of ${found.from}.`
          : ' To explain rejections, give --provider and --secret.'),
    )
    remark('Ctrl-C ends.')
    await signals().came
    server.close()
    server.closeAllConnections()
  } finally {
    await inbox.close()
  }
  return 0
}

/**
 * Answers a request. No code of the app runs here, so an error is a bug of Postern: it is printed and answered with
 * 500.
 */
async function answer(
  page: ReturnType<typeof inspector>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await page(request, response)
  } catch (error) {
    remark(`postern: ${shown(error instanceof Error ? error.message : String(error))}`)
    if (!response.headersSent) response.writeHead(500)
    response.end()
  }
}
