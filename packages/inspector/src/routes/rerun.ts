import { isWebhookError, type Json } from '@postern/core'
import { parseJson } from '@postern/core/scheme'
import type { RerunReply } from '../api/change.ts'
import { ApiProblem } from '../replies.ts'
import { demand } from './allowed.ts'
import type { Context } from './context.ts'

/** Runs the event of a task once more, with another payload. */
export async function rerun({
  inbox,
  visitor,
  body,
  receivers,
  acted,
}: Context): Promise<RerunReply> {
  demand(visitor, 'rerun', receivers.length > 0)
  const { task, payload } = body
  if (typeof task !== 'string' || typeof payload !== 'string')
    throw new ApiProblem(400, 'task', 'task must be its id, and payload a string of JSON')
  const found = await inbox.view?.get(task)
  if (!found) throw new ApiProblem(404, 'gone', 'this task is gone')
  const receiver = receivers.find(({ name }) => name === found.receiver) ?? receivers[0]!
  const edited = parsed(payload, receiver.limits.depth)
  const id = await inbox.view!.rerun(task, {
    payload: edited,
    ...(visitor.as !== undefined && { by: visitor.as.slice(0, 200) }),
  })
  acted({ action: 'rerun', as: visitor.as, count: 1, target: JSON.stringify({ id: task }) })
  return { task: id }
}

/** As the body of a delivery is parsed: bounded in depth, and without keys that would poison a prototype. */
function parsed(payload: string, depth: number): Json {
  try {
    return parseJson(payload, { depth }) as Json
  } catch (error) {
    if (!isWebhookError(error)) throw error
    throw new ApiProblem(400, 'payload', error.message.replace('the body', 'the payload'))
  }
}
