import type { SampleReply } from '../api/change.ts'
import { ApiProblem } from '../replies.ts'
import { demand } from './allowed.ts'
import type { Context } from './context.ts'

/** Sends a signed sample of a receiver's sender through the receiver, as if the sender had sent it. */
export async function answerSample({
  receivers,
  visitor,
  body,
  acted,
}: Context): Promise<SampleReply> {
  demand(visitor, 'sample', receivers.length > 0)
  const { receiver: name, topic } = body
  const receiver = receivers.find((one) => one.name === name)
  if (!receiver) throw new ApiProblem(404, 'receiver', 'this receiver is not in this process')
  if (topic !== undefined && typeof topic !== 'string')
    throw new ApiProblem(400, 'topic', 'topic must be a string')
  if (!receiver.provider.sign)
    throw new ApiProblem(409, 'cannot_sign', `only ${receiver.provider.name} has the key to sign`)
  const { samples, signedInit } = await import('@postern/samples')
  const known = topic === undefined ? await samples(receiver.provider.name).catch(() => []) : []
  // Without a topic, one that a handler takes: for other topics no handler runs.
  const wanted = topic ?? known.find((one) => receiver.subscribes(one.topic))?.topic
  const { status, body: reply } = await receiver.receive(
    await signedInit(receiver.provider, wanted),
  )
  acted({
    action: 'sample',
    as: visitor.as,
    count: 1,
    target: JSON.stringify({ receiver: name, topic: wanted }),
  })
  const text =
    reply === undefined || !visitor.payloads
      ? ''
      : typeof reply === 'string'
        ? reply
        : new TextDecoder().decode(reply)
  return { status, reply: text }
}
