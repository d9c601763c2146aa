/** The fetch handler all runtimes serve: reads the exact bytes and answers with their SHA-256. */
export async function handle(request: Request): Promise<Response> {
  const body = await request.arrayBuffer()
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body))
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return Response.json({ method: request.method, bytes: body.byteLength, sha256: hex })
}
