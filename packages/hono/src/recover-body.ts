import { WebhookError } from '@postern/core'
import type { HonoRequest } from 'hono'

/**
 * The exact bytes of a body that was read through `c.req`, which keeps what it read. Refuses with `body_lossy` if
 * that is a text that may not be what was sent, and with `body_consumed` if nothing was kept.
 */
export async function recoverBody(request: HonoRequest): Promise<Uint8Array> {
  // Its type leaves out that these are promises.
  const { arrayBuffer, blob, text } = request.bodyCache as unknown as Kept
  if (arrayBuffer !== undefined) return new Uint8Array(await arrayBuffer)
  if (blob !== undefined) return new Uint8Array(await (await blob).arrayBuffer())
  if (text !== undefined) return exactText(request, await text)
  if (request.header('content-length') === '0') return new Uint8Array(0)
  throw new WebhookError(
    'body_consumed',
    'a middleware read the body through c.req.raw or as a form before webhook(receiver): mount the webhook route before it, or let it read c.req.arrayBuffer(), which is kept',
  )
}

interface Kept {
  readonly arrayBuffer?: Promise<ArrayBuffer>
  readonly blob?: Promise<Blob>
  readonly text?: Promise<string>
}

// Hono decodes JSON and text as UTF-8: a byte order mark, and what was no UTF-8, are gone; the length shows it.
function exactText(request: HonoRequest, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  const length = request.header('content-length')
  if (
    length !== undefined &&
    Number(length) === bytes.byteLength &&
    request.header('content-encoding') === undefined
  )
    return bytes
  throw new WebhookError(
    'body_lossy',
    `c.req.text() or c.req.json() made a string of ${bytes.byteLength} bytes of the body, content-length is ${length ?? 'absent'}: it may not be what the sender signed, so mount the webhook route before, or read c.req.arrayBuffer()`,
  )
}
