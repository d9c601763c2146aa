import type { Consumer, TaskError } from '@postern/core/inbox'
import { runScript, type RedisClient } from '../store/connection.ts'
import { isFenced, reasonOf } from '../store/errors.ts'
import { parsed } from '@postern/core/inbox'
import { bury, errorFields, type Owner } from './settle.ts'

/** The store and the receiver whose queue holds a job that cannot be read. */
export interface UnreadContext {
  readonly client: RedisClient
  readonly consumer: Consumer
  readonly prefix: string
}

// A key of another type, or a script of ours that failed on what it read. What Redis refuses for its own state (OOM,
// READONLY, MISCONF) begins with that word, and Redis 6 puts it behind a dash.
const ODD = /^(?:WRONGTYPE|ERR (?:user_script|Error running script))/
const STATE = /-?\b(?:OOM|READONLY|MISCONF|NOREPLICAS|MASTERDOWN|BUSY|LOADING|CLUSTERDOWN)\b/

/** True for an error that comes from what is stored: tried again it fails again. */
export function isOdd(error: unknown): boolean {
  if (error instanceof SyntaxError || error instanceof TypeError) return true
  return error instanceof Error && ODD.test(error.message) && !STATE.test(error.message)
}

/** Makes a claimed task dead that cannot be read, and tells it once. Its neighbours go on. */
export async function buryUnread(
  { consumer }: Pick<UnreadContext, 'consumer'>,
  owner: Owner,
  message: string,
): Promise<boolean> {
  const error = unread(message)
  try {
    await bury(owner, error, errorFields(error))
  } catch (failure) {
    if (isFenced(failure)) return false
    throw failure
  }
  tell(consumer, `${owner.job.queueName}:${owner.job.id!}`, error)
  return true
}

/**
 * Makes the claimed jobs of a queue dead that BullMQ itself cannot read: it takes them from their queue and then fails on
 * them, again and again. Resolves with their number.
 */
export async function buryBroken(
  { client, consumer, prefix }: UnreadContext,
  queue: string,
): Promise<number> {
  const ids = await client.lrange(`${prefix}:${queue}:active`, 0, -1)
  let buried = 0
  for (const id of ids) {
    const why = await brokenPart(client, `${prefix}:${queue}:${id}`)
    if (why === undefined) continue
    const error = unread(why)
    const fields = Object.entries({ ...errorFields(error), failedReason: reasonOf(error) }).flat()
    if ((await runScript(client, 'posternBury', prefix, queue, id, Date.now(), ...fields)) === 0)
      continue
    buried++
    tell(consumer, `${queue}:${id}`, error)
  }
  return buried
}

/** What BullMQ cannot read of a job; undefined if it can. */
async function brokenPart(client: RedisClient, key: string): Promise<string | undefined> {
  const parts = ['data', 'opts', 'progress', 'parent'] as const
  try {
    const texts = await client.hmget(key, ...parts)
    const at = texts.findIndex((text) => text != null && text !== '' && parsed(text) === undefined)
    if (at >= 0) return `its ${parts[at]!} is no JSON`
    return texts[1] && typeof parsed(texts[1]) !== 'object' ? 'its opts are no object' : undefined
  } catch (error) {
    if (isOdd(error)) return 'its key holds no hash'
    throw error
  }
}

function unread(message: string): TaskError {
  return { name: 'UnreadableTask', message }
}

function tell(consumer: Consumer, task: string, { message }: TaskError): void {
  consumer.warn(`bullmqInbox: task ${task} is dead, since it cannot be read: ${message}`)
}
