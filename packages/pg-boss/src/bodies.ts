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
  // JSON.stringify leaves halves of pairs escaped, and those PostgreSQL's json takes only as text that is never read.
  return [JSON.stringify(placed), Buffer.concat(bodies)]
}

const NOTHING = new Uint8Array(0)
