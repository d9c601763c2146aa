import { WebhookError } from '@postern/core'
import { readBounded } from '@postern/core/scheme'
import type { HonoRequest } from 'hono'

/**
 * The exact bytes of a body that was read through `c.req`, which caches its result. Refuses with `body_lossy` if the
 * cached string may differ from the sent bytes, and with `body_consumed` if nothing is cached.
 */
export async function recoverBody(request: HonoRequest): Promise<Uint8Array> {
  // These are promises, which the type omits.
  const { arrayBuffer, blob, text } = request.bodyCache as unknown as Kept
  if (arrayBuffer !== undefined) return new Uint8Array(await arrayBuffer)
  if (blob !== undefined) {
    const { size } = await blob
    return readBounded((await blob).stream(), size)
  }
  if (text !== undefined) return exactText(request, await text)
  if (request.header('content-length') === '0') return new Uint8Array(0)
  throw new WebhookError('body_consumed', {
    problem: 'consumed',
    remedy:
      'mount the webhook route before the middleware that reads c.req.raw or a form, or let it read c.req.arrayBuffer(), which is kept',
  })
}

interface Kept {
  readonly arrayBuffer?: Promise<ArrayBuffer>
  readonly blob?: Promise<Blob>
  readonly text?: Promise<string>
}

// Hono decodes JSON and text as UTF-8, which loses a byte order mark and invalid UTF-8: the length shows it.
function exactText(request: HonoRequest, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  const length = request.header('content-length')
  if (
    length !== undefined &&
    Number(length) === bytes.byteLength &&
    request.header('content-encoding') === undefined
  )
    return bytes
  throw new WebhookError('body_lossy', {
    problem: 'lossy',
    got: `c.req.text() or c.req.json() made a string of ${bytes.byteLength} bytes`,
    ...(length !== undefined && { expected: length }),
    remedy: 'mount the webhook route before it, or read c.req.arrayBuffer()',
  })
}
