import type { Control } from '@postern/testing'
import { stageOf } from '../../../../../stages'

interface ControlRoute {
  readonly params: Promise<{
    readonly stage: string
    readonly run: string
    readonly command: string
  }>
}

export async function GET(request: Request, route: ControlRoute): Promise<Response> {
  const { control } = await stageOf(route)
  const { command } = await route.params
  const count = Number(new URL(request.url).searchParams.get('count'))
  return Response.json(await control(command as Parameters<Control>[0], count))
}
