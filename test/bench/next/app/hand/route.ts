import { take } from '../../../subjects/by-hand.ts'

export async function POST(request: Request): Promise<Response> {
  const { headers } = request
  const body = Buffer.from(await request.arrayBuffer())
  const event = headers.get('x-github-event') ?? undefined
  const status = take(body, headers.get('x-hub-signature-256') ?? undefined, event)
  return new Response(null, { status })
}
