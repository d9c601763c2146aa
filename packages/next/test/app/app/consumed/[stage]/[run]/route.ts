import { webhook } from '@postern/next'
import { stageOf, type StageRoute } from '../../../../stages'

export async function POST(request: Request, route: StageRoute): Promise<Response> {
  if (request.headers.get('content-type') === 'application/json') await request.text()
  const { receiver } = await stageOf(route)
  return webhook(receiver).POST(request, route)
}
