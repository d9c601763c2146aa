import { ApiProblem } from '../replies.ts'
import { readText, type InspectorReply, type InspectorRequest } from '../request.ts'

/** Facts about a Web request that only some frameworks know: the connection, and the path of the mount. */
type WebHost = Partial<Pick<InspectorRequest, 'peer' | 'port' | 'mount'>>

export function webRequest<Own extends readonly unknown[]>(
  request: Request,
  own: Own,
  { peer, port, mount }: WebHost = {},
): InspectorRequest<Own> {
  const { pathname, search, protocol } = new URL(request.url)
  return {
    method: request.method,
    target: pathname + search,
    header: (name) => request.headers.get(name) ?? undefined,
    peer,
    port,
    mount,
    isEncrypted: protocol === 'https:',
    async body(most) {
      if (request.bodyUsed) throw consumed()
      return readText(request.body, most)
    },
    own,
    isAnswered: () => false,
    // Next.js drops the header that would tell the client that the reply is compressed.
    canCompress: false,
  }
}

/** Returns the error for a body that a middleware has read and not kept. */
export function consumed(): ApiProblem {
  return new ApiProblem(
    400,
    'body_consumed',
    'a middleware read the body before the inspector and kept nothing: mount the inspector before that middleware',
  )
}

export function webResponse(
  reply: InspectorReply | Response | undefined,
  method: string,
): Response {
  if (reply === undefined)
    throw new TypeError('auth replied to a request that cannot be replied to')
  if ('arrayBuffer' in reply) return reply
  const { status, headers, body } = reply
  const isEmpty = method === 'HEAD' || ('length' in Object(body) && (body as string).length === 0)
  const sent = typeof body === 'object' && !ArrayBuffer.isView(body) ? streamed(body) : body
  return new Response(isEmpty ? null : (sent as BodyInit), { status, headers })
}

function streamed(parts: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const iterator = parts[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    cancel: async () => void (await iterator.return?.()),
  })
}
