/** The text of a reply's body. */
export function utf8Text(body: string | Uint8Array | undefined): string {
  if (body === undefined || typeof body === 'string') return body ?? ''
  return Buffer.from(body).toString('utf8')
}
