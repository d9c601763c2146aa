import { checkJson } from './inbox/codec.ts'
import type { HeaderLines } from './delivery.ts'
import { toWebhookError, WebhookError } from './errors.ts'
import { discard, readStream } from './body/read-stream.ts'
import type { Receiver, FetchHost } from './receiver/receiver-types.ts'
import type { Admission } from './receive/admit.ts'
import { toResponse, type Reply } from './receive/reply/reply.ts'

export function createFetch(
  receiver: Pick<Receiver, 'admit' | 'receive' | 'reject' | 'limits'>,
): (request: Request, host?: FetchHost) => Promise<Response> {
  return async (request, host = {}) => {
    let { url } = request
    const { method } = request
    const headers = host.headers ?? new FetchHeaders(request.headers)
    let reply: Reply
    let admission = host.admission
    try {
      if (host.url !== undefined)
        url = typeof host.url === 'function' ? host.url(request) : host.url
      admission ??= receiver.admit({ method, url, headers })
      const body = host.body ?? (await readRequest(request, receiver.limits, admission))
      const given = host.context
      const context = checkJson(typeof given === 'function' ? given(request) : given, 'context')
      reply = await receiver.receive(
        { method, url, headers, ...(body && { body }), ...(context !== undefined && { context }) },
        { ...host, admission },
      )
    } catch (error) {
      admission?.release()
      reply = receiver.reject({ method, url, headers }, toWebhookError(error))
      // If the request was rejected before its body was read, the rest of the body is read and dropped for a short
      // time. Otherwise the sender might not get the reply.
      if (request.body && !request.bodyUsed && !request.body.locked)
        await discard(request.body.getReader())
    }
    try {
      return toResponse(reply, request.method)
    } catch (error) {
      // An answer function returned a status or header that a Response cannot have.
      return toResponse(
        receiver.reject({ method: request.method, url }, toWebhookError(error, 'answer_failed')),
        request.method,
      )
    }
  }
}

/** Reads the body of a request within the limits of its admission. Returns undefined if the request has no body. */
export async function readRequest(
  request: Request,
  limits: Receiver['limits'],
  admission: Admission,
): Promise<Uint8Array | undefined> {
  // For an empty body, it does not matter whether the body was already read.
  if (request.headers.get('content-length') === '0') return undefined
  if (request.bodyUsed || request.body?.locked) {
    throw new WebhookError('body_consumed', {
      problem: 'consumed',
      remedy: 'give the receiver the Request first, or a clone made before reading',
    })
  }
  const length = request.headers.get('content-length')
  return request.body
    ? readStream(
        request.body,
        length === null ? undefined : Number(length),
        limits.bodyTimeout,
        admission,
      )
    : undefined
}

export class FetchHeaders implements HeaderLines {
  readonly #headers: Headers

  constructor(headers: Headers) {
    this.#headers = headers
  }

  get(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined
  }

  all(name: string): readonly string[] {
    const value = this.#headers.get(name)
    return value === null ? [] : [value]
  }

  lines(): Iterable<readonly [string, string]> {
    return this.#headers.entries()
  }
}
