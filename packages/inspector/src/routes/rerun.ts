import type { Json } from '@postern/core'
import type { RerunReply } from '../api.ts'
import { Problem } from '../replies.ts'
import { demand } from './allowed.ts'
import type { Context } from './api.ts'

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
    throw new Problem(400, 'task', 'task must be its id, and payload a string of JSON')
  let edited: Json
  try {
    edited = JSON.parse(payload) as Json
  } catch (error) {
    throw new Problem(400, 'payload', `the payload is no JSON: ${(error as Error).message}`)
  }
  if (!(await inbox.view?.get(task))) throw new Problem(404, 'gone', 'this task is gone')
  const id = await inbox.view!.rerun(task, { payload: edited })
  acted({ action: 'rerun', as: visitor.as, count: 1, target: JSON.stringify({ id: task }) })
  return { task: id }
}
