import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { handled } from '../counter.ts'
import { SECRET } from '../deliveries.ts'

// What a careful app writes for itself when it has one sender, and nothing that Postern does beside: no limits, no
// dedupe, no tasks, no observers.
const key = createSecretKey(Buffer.from(SECRET))
const handlers = new Map<string, (payload: unknown) => void>([['issues', handled]])

/** Collect, by hand. */
export function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('error', reject)
  })
}

/** HMAC, JSON.parse and Map look-up, by hand. The status to answer with. */
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

/** {@link take} on the headers of node:http. */
export function takeRequest(request: IncomingMessage, body: Buffer): number {
  const { headers } = request
  return take(body, headers['x-hub-signature-256'] as string, headers['x-github-event'] as string)
}

/** The HMAC of what is signed. */
export function macOf(
  algorithm: 'sha1' | 'sha256',
  encoding: 'hex' | 'base64',
  ...signed: readonly (string | Buffer)[]
): string {
  const hmac = createHmac(algorithm, key)
  for (const part of signed) hmac.update(part)
  return hmac.digest(encoding)
}

/** True if a header has the right signature. */
export function same({ headers }: IncomingMessage, name: string, right: string): boolean {
  return isSame(right, headers[name] as string | undefined)
}

function isSame(right: string, signature = ''): boolean {
  const [expected, given] = [Buffer.from(right), Buffer.from(signature)]
  return given.length === expected.length && timingSafeEqual(given, expected)
}
