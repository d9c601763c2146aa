import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from './page.ts'
import { plain, table } from './text.ts'

const file = join(import.meta.dirname, '..', '..', 'core', 'src', 'errors.ts')

/** The page of all rejection codes, and a page for each code. */
export function errorPages(): readonly Page[] {
  const codes = codesOf(readFileSync(file, 'utf8'))
  return [
    {
      slug: 'errors',
      title: 'Errors by code',
      description:
        'Each reason for which Postern rejects a delivery, with its status and what to do.',
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

/** The codes as the source lists them, each under the step that rejects with it. */
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

/** The meaning of each code and what to do, for the operator of the app. */
export const SAYS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  overloaded: [
    'The bodies that are being read use all the memory that the receiver allows for them.',
    'The sender retries. If it lasts, raise `limits.totalBuffered`, or run more processes.',
  ],
  malformed_url: [
    'The URL of the request cannot be read.',
    'Check the proxy in front of the app: it passes on an invalid path.',
  ],
  method_not_allowed: [
    'The provider does not use that method.',
    'Mount the receiver for all methods (`app.all`). A GET from a browser gets this reply too: test with `postern send`.',
  ],
  body_too_large: [
    'The body is larger than the provider sends, or than `limits.body` allows.',
    'Raise `limits.body` only if the provider documents larger bodies.',
  ],
  body_timeout: [
    'The body did not arrive in time.',
    'The sender retries. `limits.bodyTimeout` says how long the receiver waits.',
  ],
  body_aborted: ['The connection ended before the body did.', 'Nothing: the sender retries.'],
  body_truncated: [
    'The body is shorter than its Content-Length.',
    'Check the proxy in front of the app.',
  ],
  body_consumed: [
    'Something read the body before the receiver.',
    'Mount the receiver before any body parser, such as `express.json()`. The log names the parser. See [Mount Postern in your framework](/how-to/hosts/).',
  ],
  body_altered: [
    'A parser or gateway changed the body: these are not the bytes that were signed.',
    'Mount the receiver before any body parser, or pass it the raw bytes.',
  ],
  wrong_verify_token: [
    'A challenge has another verify token.',
    'Compare `verifyToken` with the one at the provider.',
  ],
  handshake_rejected: [
    'A challenge is not the expected one.',
    'Compare the options of the challenge with what is registered at the provider.',
  ],
  missing_header: [
    'A header that the signature needs is missing.',
    'Check that this provider sends to this URL, and that signing is turned on there. A proxy may drop headers: [`postern explain`](/explain/) names the missing one.',
  ],
  malformed_header: [
    'A header of the signature has an unexpected form.',
    'Ask [`postern explain`](/explain/): it names renamed, joined and rewritten headers.',
  ],
  signature_mismatch: [
    'The signature does not match the bytes and the secret.',
    'Ask [`postern explain`](/explain/). The most frequent causes: the secret is that of another endpoint or environment; a body parser or proxy changed the bytes; the provider signs the URL and a proxy changed it ([Run behind a proxy](/how-to/proxy/)); the secret has a space or quotes.',
  ],
  timestamp_too_old: [
    'The delivery was signed too long ago.',
    'Set the clock of the machine by NTP. A delivery that waited in a queue in front of the app is too old.',
  ],
  timestamp_in_future: [
    'The delivery was signed in the future.',
    'Set the clock of the machine by NTP.',
  ],
  unknown_sender: [
    'The delivery is from a tenant or key that your app does not know.',
    'Add the tenant or the key, if it is yours: [Serve many tenants](/how-to/tenants/).',
  ],
  replay_detected: [
    'A delivery with the same signature came before, under another id.',
    'Nothing: a captured delivery was sent again.',
  ],
  secret_unavailable: [
    'The secret could not be looked up.',
    'The sender retries. Check the function or service that looks up the secret.',
  ],
  too_complex: [
    'The body has more values, parts or fields than the limit allows.',
    'If the provider sends such bodies, raise the limit that the message names.',
  ],
  malformed_body: [
    'The body is not in a format that the provider uses.',
    'Check the proxy in front of the app. If the signature matched, the provider sent a body that cannot be parsed.',
  ],
  unsupported_encoding: [
    'The body is compressed in a way that the provider does not use.',
    'Turn off compression of requests in the proxy.',
  ],
  unsupported_media_type: [
    'The type of the body contradicts its format.',
    'Send the type that belongs to the body, or set `parsing.contentType` to `ignore`.',
  ],
  decompressed_too_large: [
    'The body is too large after decompression.',
    'Raise `limits.decompressed` only if the provider documents larger bodies.',
  ],
  too_deep: [
    'The body is nested too deeply.',
    'If the provider sends such bodies, raise the limit that the message names: `limits.depth`, or `limits.unverified.depth` for what is parsed before the signature is checked.',
  ],
  missing_event_id: [
    'The event has no id where the provider sends it or the options say.',
    'Compare `eventIdField` and `eventIdHeader` with a delivery.',
  ],
  missing_topic: [
    'The event has no topic where the provider sends it or the options say.',
    'Compare `topicField` and `topicHeader` with a delivery.',
  ],
  malformed_event: [
    'The payload does not have the form of an event of this provider.',
    'Compare the delivery with the documentation of the provider. The message names the field.',
  ],
  unhandled_topic: [
    'No subscription matches the topic, and `onUnhandled` is `reject`.',
    'Subscribe to the topic, or deselect it at the provider.',
  ],
  inbox_full: [
    'The inbox has as many waiting tasks as `maxPending` allows.',
    'The sender retries. Handlers are too slow, fail, or do not run: check [the inspector](/how-to/watch/).',
  ],
  inbox_unavailable: [
    'The inbox could not store the event.',
    'The sender retries. `health` names the cause: a full disk, a server that is down, a lock.',
  ],
  in_progress: [
    'The same event is being handled by another request.',
    'Nothing: the sender retries.',
  ],
  handler_failed: [
    'The handler failed, and the sender waits for its result.',
    'Fix the handler; the sender retries.',
  ],
  receiver_closed: [
    'The receiver is closing.',
    'Nothing: the sender retries, and the next process accepts it.',
  ],
  answer_failed: [
    'The function that makes the reply failed or was late.',
    'Fix the function of `receiver.answer`, or set its `late` reply: [Reply with content](/how-to/reply/).',
  ],
  internal_error: [
    'The app or Postern has a fault, or the receiver has no subscription.',
    'Read the error in the log. Is the module of your handlers imported? If the fault is in Postern, please report it.',
  ],
}
