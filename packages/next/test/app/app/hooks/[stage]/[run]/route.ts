import { after } from 'next/server'
import { type RouteHandlers, webhook } from '@postern/next'
import { stageOf, type StageRoute } from '../../../../stages'

async function handle(request: Request, route: StageRoute): Promise<Response> {
  const { receiver, context } = await stageOf(route)
  const handlers = webhook(receiver, {
    after,
    context: ({ headers }) => context((name) => headers.get(name)),
  })
  return handlers[request.method as keyof RouteHandlers](request, route)
}

export {
  handle as GET,
  handle as HEAD,
  handle as POST,
  handle as PUT,
  handle as DELETE,
  handle as OPTIONS,
}
