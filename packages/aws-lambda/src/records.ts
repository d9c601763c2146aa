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

/** Members of a receiver that these handlers use. */
export type Taking = Pick<Receiver, 'ingest'>

/** Options of {@link sqs}, {@link sns} and {@link eventBridge}. */
export interface RecordOptions<Message> {
  /**
   * Returns the body and the headers of the webhook that a message contains.
   * @default `body` (SQS), `Message` (SNS) or `detail` (EventBridge) as the body; attributes of type String as headers
   */
  readonly delivery?: (message: Message) => {
    readonly body: string | Uint8Array
    readonly headers?: Readonly<Record<string, string>>
  }
  /** Returns the tenant of the webhook. Return the tenant that an HTTP delivery of the same event has. @default none */
  readonly tenant?: (message: Message) => string | undefined
}

/**
 * Creates a Lambda handler for an SQS queue that contains a provider's events, for example written by an HTTP API.
 * Signatures are not verified: everyone who may write to the queue is trusted, and the journal says
 * `verifiedBy: 'cloud'`. If an event also arrives as a webhook, the later copy is a duplicate. Rejected messages are
 * returned in `batchItemFailures`, so turn on `ReportBatchItemFailures`. For a FIFO queue, all later messages of the
 * same group are returned too, so that the group keeps its order.
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
 * Creates a Lambda handler for an SNS topic whose messages are a provider's events. As with {@link sqs}, signatures are
 * not verified. If a message is rejected, the handler rejects, so that Lambda calls it again. (For a topic that posts
 * to your URL, use the provider `aws-sns`.)
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
 * Creates a Lambda handler for an EventBridge rule whose `detail` is a provider's event. Partner event sources send
 * such events (Stripe, Shopify, Auth0 …). As with {@link sqs}, signatures are not verified. If the event is rejected,
 * the handler rejects, so that Lambda calls it again. Lambda itself rounds numbers beyond 2^53.
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

/** Ingests messages in order, up to the first failure. Returns the failed message and all later messages. */
async function inOrder<Message>(
  messages: readonly Message[],
  take: (message: Message) => Promise<void>,
): Promise<readonly Message[]> {
  for (const [at, message] of messages.entries())
    try {
      await take(message)
    } catch (error) {
      // Lambda retries the returned messages without logging the reason.
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
