/** Rows as JSON, and their bodies end to end, each row with its place. */
export function withBodies(rows: readonly { readonly body: Uint8Array | undefined }[]): unknown[] {
  const bodies: Uint8Array[] = []
  let end = 0
  const placed = rows.map(({ body = NOTHING, ...row }) => {
    const start = end
    end += body.length
    bodies.push(body)
    return { ...row, start, size: body.length }
  })
  // JSON.stringify escapes lone surrogates. PostgreSQL's json stores them, but fails when it decodes such a string.
  return [JSON.stringify(placed), Buffer.concat(bodies)]
}

const NOTHING = new Uint8Array(0)
