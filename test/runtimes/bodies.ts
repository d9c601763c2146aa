import { createReceiver, textReply, type Json, type Receiver } from '@postern/core'
import { rsa } from '@postern/core/scheme'
import { stringifyJson } from '@postern/core/internal'
import type { Host } from '@postern/core/inbox'
import { generic } from '@postern/providers'

/** Secret of the receiver in {@link handleBody}. */
export const bodySecret = 'secret of the bodies'

/** Limits of the receiver in {@link handleBody}: sizes in bytes, time in milliseconds. */
export const bodyLimits = { body: 64 * 1024, decompressed: 128 * 1024, bodyTimeout: 1000 }

/** Reply to the topic `slow`, whose function never ends. */
export const lateAnswer = textReply('late')

let receiver: Receiver | undefined
const handled: { readonly id: string | undefined; readonly payload: unknown }[] = []

/**
 * Handles `/bodies`. POST delivers any kind of body. GET returns the payloads that handlers got, with files as text.
 */
export async function handleBody(request: Request, host: Host): Promise<Response> {
  if (request.method !== 'GET') return (receiver ??= create()).fetch(request, host)
  // Response.json() cannot serialize a BigInt.
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

/**
 * Makes a payload serializable: the `data` of files becomes text. Each BigInt gets an additional member with its type.
 */
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

/** Request of {@link handleKey}: a delivery with an RSASSA-PSS signature, and the public key. */
export interface KeyQuestion {
  readonly publicKey: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Signature scheme for both the test and {@link handleKey}. */
export const keyScheme = rsa({ header: 'x-signature', padding: 'pss', hash: 'sha512' })

/**
 * Handles `/keys`. Creates a receiver with the given key. Returns the status of the delivery, or the error of the
 * creation.
 */
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
