import { toWebhookError, unknownOptions, handlerMade } from '@postern/core/internal'
import type { Receiver } from '@postern/core'
import { inertText } from '@postern/core/inert'
import type {
  EventBridgeEvent,
  SNSEvent,
  SNSEventRecord,
  SQSBatchResponse,
  SQSEvent,
  SQSRecord,
} from 'aws-lambda'
import { remedyOf } from './run-due.ts'

/** The members of a receiver that these handlers use. */
export type Taking = Pick<Receiver, 'ingest'>

/** Options of {@link sqs}, {@link sns} and {@link eventBridge}. */
export interface RecordOptions<Message> {
  /**
   * The webhook that the message stands for. @default its body, `Message` or `detail`, with the attributes of type String as headers
   */
  readonly delivery?: (message: Message) => {
    readonly body: string | Uint8Array
    readonly headers?: Readonly<Record<string, string>>
  }
  /** The tenant the webhook would have had: the tenant or key that verifies it. @default none */
  readonly tenant?: (message: Message) => string | undefined
}

/**
 * Makes a Lambda handler for a queue of SQS whose messages are a sender's events, such as an HTTP API puts them there.
 * No signature is asked for: whoever may write to the queue is believed, and the journal says `verifiedBy: 'cloud'`. Events have
 * the identity that the webhook would have had. What was not accepted is returned in `batchItemFailures` (turn
 * `ReportBatchItemFailures` on), of a FIFO queue with all later messages of its group, so that their order holds.
 *
 * Source: the AWS Lambda documentation, "Handling errors for an SQS event source in Lambda".
 *
 * @example
 * export const handler = sqs(receiver)
 */
export function sqs(
  receiver: Taking,
  options: RecordOptions<SQSRecord> = {},
): (event: SQSEvent) => Promise<SQSBatchResponse> {
  const take = taker('sqs', receiver, options, ({ body, messageAttributes }) => ({
    body,
    headers: attributesOf(messageAttributes, ({ dataType, stringValue }) =>
      dataType === 'String' ? stringValue : undefined,
    ),
  }))
  return async ({ Records }) => {
    const groups = new Map<string, SQSRecord[]>()
    for (const record of Records) {
      const group = record.attributes.MessageGroupId ?? record.messageId
      groups.set(group, [...(groups.get(group) ?? []), record])
    }
    const failed = await Promise.all([...groups.values()].map((group) => inOrder(group, take)))
    return {
      batchItemFailures: failed.flat().map(({ messageId }) => ({ itemIdentifier: messageId })),
    }
  }
}

/**
 * Makes a Lambda handler for a topic of SNS whose messages are a sender's events; as {@link sqs}. It rejects if one was not
 * accepted, so that Lambda calls it again. (A topic that posts to your URL is the sender `aws-sns` of the catalogue.)
 *
 * @example
 * export const handler = sns(receiver)
 */
export function sns(
  receiver: Taking,
  options: RecordOptions<SNSEventRecord> = {},
): (event: SNSEvent) => Promise<void> {
  const take = taker('sns', receiver, options, ({ Sns }) => ({
    body: Sns.Message,
    headers: attributesOf(Sns.MessageAttributes, ({ Type, Value }) =>
      Type === 'String' ? Value : undefined,
    ),
  }))
  return async ({ Records }) => {
    for (const record of Records) await take(record)
  }
}

/**
 * Makes a Lambda handler for a rule of EventBridge whose `detail` is a sender's event, as partner event sources have it
 * (Stripe, Shopify, Auth0 …); as {@link sqs}. It rejects if the event was not accepted, so that Lambda calls it again. Numbers
 * beyond 2^53 were rounded by Lambda itself.
 *
 * @example
 * export const handler = eventBridge(receiver)
 */
export function eventBridge<Detail = unknown>(
  receiver: Taking,
  options: RecordOptions<EventBridgeEvent<string, Detail>> = {},
): (event: EventBridgeEvent<string, Detail>) => Promise<void> {
  return taker('eventBridge', receiver, options, ({ detail }) => ({
    body: JSON.stringify(detail),
  }))
}

type Draft = ReturnType<NonNullable<RecordOptions<never>['delivery']>>

function taker<Message>(
  name: string,
  receiver: Taking,
  options: RecordOptions<Message>,
  usual: (message: Message) => Draft,
): (message: Message) => Promise<void> {
  unknownOptions(name, options, ['delivery', 'tenant'])
  if (typeof receiver?.ingest !== 'function')
    throw new TypeError(`${name}: receiver must be what createReceiver() returns`)
  const { delivery = usual, tenant: tenantOf } = options
  const called = handlerMade(receiver, remedyOf(name))
  return async (message) => {
    called()
    const { body, headers = {} } = delivery(message)
    const tenant = tenantOf?.(message)
    await receiver.ingest(
      {
        url: `https://${name.toLowerCase()}.amazonaws.com/`,
        headers: { 'content-type': 'application/json', ...headers },
        body,
      },
      { verifiedBy: 'cloud', ...(tenant !== undefined && { tenant }) },
    )
  }
}

/** Takes one after another; from the first that fails on, all are returned. */
async function inOrder<Message>(
  messages: readonly Message[],
  take: (message: Message) => Promise<void>,
): Promise<readonly Message[]> {
  for (const [at, message] of messages.entries())
    try {
      await take(message)
    } catch (error) {
      // Lambda calls again with what is returned, and tells nobody why.
      process.stderr.write(
        `[postern] sqs: a message was not accepted: ${inertText(toWebhookError(error).message)}\n`,
      )
      return messages.slice(at)
    }
  return []
}

function attributesOf<Value>(
  attributes: Readonly<Record<string, Value>> | undefined,
  valueOf: (value: Value) => string | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes ?? {})) {
    const text = valueOf(value)
    if (text !== undefined) headers[name.toLowerCase()] = text
  }
  return headers
}
