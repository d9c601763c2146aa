import { singleton, webhook } from '@postern/next'
import { after } from 'next/server'
import { officialReceivers } from '../../../../../../../test/official/receivers'

const official = singleton('official', officialReceivers)

interface Route {
  readonly params: Promise<{ readonly provider: string }>
}

export async function POST(request: Request, route: Route): Promise<Response> {
  const { provider } = await route.params
  return webhook(official.receivers.get(provider)!, { after }).POST(request, route)
}

/** Waits until as many events are handled as the last part of the path says, and returns them. */
export async function GET(_: Request, route: Route): Promise<Response> {
  return Response.json(await official.handled(Number((await route.params).provider)))
}
