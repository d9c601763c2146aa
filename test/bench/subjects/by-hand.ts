import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { handled } from '../counter.ts'
import { SECRET } from '../deliveries.ts'

// Code that a careful app writes for one provider. It has no limits, no deduplication, no tasks and no observers.
const key = createSecretKey(Buffer.from(SECRET))
const handlers = new Map<string, (payload: unknown) => void>([['issues', handled]])

export function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('error', reject)
  })
}

/** Verifies the HMAC, parses the JSON and looks up the handler. Returns the status of the reply. */
export function take(
  body: Buffer,
  signature: string | undefined,
  event: string | undefined,
): number {
  const right = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`
  if (!isSame(right, signature)) return 401
  const payload: unknown = JSON.parse(body.toString())
  handlers.get(event ?? '')?.(payload)
  return 200
}

/** Calls {@link take} with the headers of a node:http request. */
export function takeRequest(request: IncomingMessage, body: Buffer): number {
  const { headers } = request
  return take(body, headers['x-hub-signature-256'] as string, headers['x-github-event'] as string)
}

/** Returns the HMAC of the signed parts. */
export function macOf(
  algorithm: 'sha1' | 'sha256',
  encoding: 'hex' | 'base64',
  ...signed: readonly (string | Buffer)[]
): string {
  const hmac = createHmac(algorithm, key)
  for (const part of signed) hmac.update(part)
  return hmac.digest(encoding)
}

/** Returns whether a header has the correct signature. */
export function same({ headers }: IncomingMessage, name: string, right: string): boolean {
  return isSame(right, headers[name] as string | undefined)
}

function isSame(right: string, signature = ''): boolean {
  const [expected, given] = [Buffer.from(right), Buffer.from(signature)]
  return given.length === expected.length && timingSafeEqual(given, expected)
}
