import { log } from '../../log'

export function GET(): Response {
  return Response.json(log)
}

export const revalidate = 0
