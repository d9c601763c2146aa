/** What a body says, apart from how it is written: the sorted fields of a form, the value of JSON, else the text. */
export function bodyFields(body: Uint8Array, contentType: string): unknown {
  const text = utf8Text(body)
  if (contentType.startsWith('application/x-www-form-urlencoded'))
    return [...new URLSearchParams(text)].map((pair) => pair.join('=')).toSorted()
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** The text of a reply's body. */
export function utf8Text(body: string | Uint8Array | undefined): string {
  if (body === undefined || typeof body === 'string') return body ?? ''
  return Buffer.from(body).toString('utf8')
}
