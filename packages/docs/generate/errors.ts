import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from './page.ts'
import { plain, table } from './text.ts'

const file = join(import.meta.dirname, '..', '..', 'core', 'src', 'errors.ts')

/** A page for the codes of refusals, and one for each: the address that stands for the code. */
export function errorPages(): readonly Page[] {
  const codes = codesOf(readFileSync(file, 'utf8'))
  return [
    {
      slug: 'errors',
      title: 'Errors by code',
      description: 'Every reason that a delivery is refused for, with its status and what to do.',
      text: table(
        ['code', 'status', 'step', 'what it says'],
        codes.map(({ code, status, step }) => [
          `[\`${code}\`](/errors/${code}/)`,
          String(status),
          step,
          plain(SAYS[code]![0]),
        ]),
      ),
    },
    ...codes.map(({ code, status, step }): Page => {
      const [what, remedy] = SAYS[code]!
      return {
        slug: `errors/${code}`,
        title: code,
        description: `${what} Status ${status}.`,
        text: `${what}\n\n${table(
          ['', ''],
          [
            ['status', String(status)],
            ['step', step],
          ],
        )}\n\n## What to do\n\n${remedy}`,
        matter: 'tableOfContents: false\n',
      }
    }),
  ]
}

/** The codes as the source lists them, each under the step that refuses with it. */
export function codesOf(source: string): readonly { code: string; status: number; step: string }[] {
  let step = ''
  return /const STATUS = \{([^]*?)\} as const/
    .exec(source)![1]!
    .split('\n')
    .flatMap((line) => {
      step = /^\s*\/\/ (.+)$/.exec(line)?.[1] ?? step
      const [, code, status] = /^\s*(\w+): (\d+),/.exec(line) ?? []
      return code === undefined ? [] : [{ code, status: Number(status), step }]
    })
}

/** What each code says, and what to do: for the person who looks after the app. */
export const SAYS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  overloaded: [
    'The bodies that are read at the moment use up the memory that the receiver gives them.',
    'The sender tries again. If it lasts, raise `limits.buffered`, or run more processes.',
  ],
  malformed_url: [
    'The URL of the request cannot be read.',
    'Look at the proxy in front of the app: it passes on a path that is no URL.',
  ],
  method_not_allowed: [
    'The sender does not use that method.',
    'Mount the receiver for every method (`app.all`), and open the URL only where the sender answers a GET.',
  ],
  body_too_large: [
    'The body is larger than the sender sends, or than `limits.body` allows.',
    'Raise `limits.body` only if the sender documents larger bodies.',
  ],
  body_timeout: [
    'The body did not arrive in time.',
    'The sender tries again. `limits.time` says how long the receiver waits.',
  ],
  body_aborted: ['The connection ended before the body did.', 'Nothing: the sender tries again.'],
  body_truncated: [
    'The body is shorter than its Content-Length.',
    'Look at the proxy in front of the app.',
  ],
  body_consumed: [
    'Something read the body before the receiver.',
    'Mount the receiver before any body parser, such as `express.json()`.',
  ],
  body_lossy: [
    'What a parser left of the body is not the bytes that were signed.',
    'Mount the receiver before any body parser, or give it the raw bytes.',
  ],
  wrong_verify_token: [
    'A challenge named another verify token.',
    'Compare `verifyToken` with the one at the sender.',
  ],
  handshake_refused: [
    'A challenge was not the one that is expected.',
    'Compare the options of the handshake with what was registered at the sender.',
  ],
  missing_header: [
    'A header that the signature needs is missing.',
    'Is it this sender, and is signing turned on there? A proxy may drop headers: `postern explain` names it.',
  ],
  malformed_header: [
    'A header of the signature has another form.',
    'Ask `postern explain`: it names renamed, joined and rewritten headers.',
  ],
  signature_mismatch: [
    'The signature does not match the bytes and the secret.',
    'Ask `postern explain`: it names what was changed on the way, or says that the secret is another one.',
  ],
  timestamp_too_old: [
    'The delivery was signed too long ago.',
    'Compare the clock of the machine with a time server. A delivery that waited in a queue in front of the app is too old.',
  ],
  timestamp_in_future: [
    'The delivery was signed in the future.',
    'Compare the clock of the machine with a time server.',
  ],
  unknown_sender: [
    'Nobody whose key is known sent it.',
    'Add the tenant or the key, if it is yours.',
  ],
  replayed: [
    'A delivery with the same signature came before, under another id.',
    'Nothing: a captured delivery was sent again.',
  ],
  secret_unavailable: [
    'The secret could not be looked up.',
    'The sender tries again. Look at the function or the service that gives the secret.',
  ],
  too_complex: [
    'The body has more values, parts or fields than are read.',
    'Raise the limit that the message names, if the sender sends such bodies.',
  ],
  malformed_body: [
    'The body is not in a format that the sender uses.',
    'Look at the proxy in front of the app; a signed body that cannot be read is the sender’s fault.',
  ],
  unsupported_encoding: [
    'The body is compressed in a way that the sender does not use.',
    'Turn compression of requests off in the proxy.',
  ],
  unsupported_media_type: [
    'The type of the body contradicts its format.',
    'Send the type that belongs to the body, or leave `labels` at `ignore`.',
  ],
  inflated_too_large: [
    'The body is too large once it is inflated.',
    'Raise `limits.inflated` only if the sender documents larger bodies.',
  ],
  too_deep: [
    'The body is nested too deeply.',
    'Raise `limits.depth` only if the sender sends such bodies.',
  ],
  unidentified: [
    'The event has no id or no topic where the options say.',
    'Compare `eventIdField` and `topicField` with a delivery.',
  ],
  unhandled_topic: [
    'No subscription takes the topic, and `onUnhandled` refuses it.',
    'Subscribe to the topic, or deselect it at the sender.',
  ],
  inbox_full: [
    'The inbox holds as many tasks as it may.',
    'The sender tries again. Handlers are too slow or stand still: look at the inspector.',
  ],
  inbox_unavailable: [
    'The inbox could not store the event.',
    'The sender tries again. `health` names the cause: a full disk, a server that is down, a lock.',
  ],
  in_progress: [
    'The same event is being handled by another request.',
    'Nothing: the sender tries again.',
  ],
  handler_failed: [
    'The handler failed, and the sender waits for its result.',
    'Mend the handler; the sender tries again.',
  ],
  closed: [
    'The receiver is closing.',
    'Nothing: the sender tries again, and the next process takes it.',
  ],
  answer_failed: [
    'The function that makes the reply failed or was late.',
    'Mend the function of `receiver.answer`, or give it a `late` reply.',
  ],
  internal_error: ['Something failed that should not.', 'The log has the error. Please report it.'],
}
