import { createReceiver, textReply, type Json, type Receiver } from '@postern/core'
import { rsa } from '@postern/core/scheme'
import { stringifyJson } from '@postern/core/internal'
import type { Host } from '@postern/core/inbox'
import { generic } from '@postern/providers'

/** The secret of the receiver of {@link handleBody}. */
export const bodySecret = 'secret of the bodies'

/** Its bounds. */
export const bodyLimits = { body: 64 * 1024, decompressed: 128 * 1024, bodyTimeout: 1000 }

/** What its answer to the topic `slow` gives if the function never ends. */
export const lateAnswer = textReply('late')

let receiver: Receiver | undefined
const handled: { readonly id: string | undefined; readonly payload: unknown }[] = []

/** `/bodies` takes deliveries of every kind of body; a GET of it tells what handlers got, files as text. */
export async function handleBody(request: Request, host: Host): Promise<Response> {
  if (request.method !== 'GET') return (receiver ??= create()).fetch(request, host)
  // Not Response.json(): it has no text for a BigInt.
  return new Response(stringifyJson(handled))
}

function create(): Receiver {
  const made = createReceiver({
    provider: generic({
      name: 'bodies',
      secret: bodySecret,
      scheme: 'hmac',
      header: 'x-signature',
      topicHeader: 'x-topic',
      eventIdHeader: 'x-id',
      codings: { gzip: 'sent' },
      formats: ['json', 'xml', 'multipart'],
    }),
    limits: bodyLimits,
    parsing: { bigIntegers: true },
    log: false,
  })
  made.onAny(({ id, payload }) => handled.push({ id, payload: readable(payload) }))
  made.answer('slow', () => new Promise(() => {}), { deadline: '100ms', late: lateAnswer })
  return made
}

/** A payload that JSON can tell: `data` of files as text, and a BigInt with a mark that it was one. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => [
      [name, readable(one)],
      ...(typeof one === 'bigint' ? [[`${name}:type`, typeof one]] : []),
    ]),
  )
}

/** What {@link handleKey} is asked: a delivery signed with RSASSA-PSS and the key that verifies it. */
export interface KeyQuestion {
  readonly publicKey: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The scheme both sides of {@link handleKey} use. */
export const keyScheme = rsa({ header: 'x-signature', padding: 'pss', hash: 'sha512' })

/** `/keys` makes a receiver with the key it is given and tells the status of the delivery, or why there is no receiver. */
export async function handleKey(request: Request): Promise<Response> {
  const { publicKey, url, headers, body } = (await request.json()) as KeyQuestion
  try {
    const made = createReceiver({
      provider: generic({ secret: publicKey, scheme: keyScheme }),
      log: false,
      onUnhandled: 'store',
    })
    const delivery = { method: 'POST', url, headers, body: new TextEncoder().encode(body) }
    const { status } = await made.receive(delivery)
    return Response.json({ status } satisfies Json)
  } catch (error) {
    return Response.json({ error: String(error) } satisfies Json)
  }
}
