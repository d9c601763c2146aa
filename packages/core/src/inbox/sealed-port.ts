import { errorText } from '../errors.ts'
import type { EventRecord, StoredDelivery } from '../event.ts'
import { decodeEvent, encodeEvent, packDelivery, unpackDelivery } from './codec.ts'
import type { Claim, Consumer, Intake, Port } from './inbox.ts'
import type { Seal } from './seal.ts'
import { textBytes, encode, toBuffer, utf8 } from '../body/bytes.ts'

// A character of private use starts it: no sender's payload is taken for a sealed one.
const MARK = '\ue001sealed:'

/** What an inbox keeps of a sealed delivery next to its bytes. */
const SEALED: StoredDelivery['headers'] = [['x-postern-sealed', '1']]

/**
 * A port whose inbox stores only sealed data: payloads, headers, query and context are sealed before they are stored,
 * and opened for the handler. Topic, ids, tenant and times stay readable, since inboxes search and order by them.
 *
 * @param attach - joins the consumer to its inbox.
 */
export function sealedPort(
  seal: Seal,
  consumer: Consumer,
  attach: (consumer: Consumer) => Port,
): Port {
  const open = new WeakMap<Claim, Claim>()
  const port = attach({
    ...consumer,
    run(claim, signal) {
      try {
        const readable = openClaim(seal, claim)
        open.set(claim, readable)
        return consumer.run(readable, signal)
      } catch (error) {
        // Retries cannot bring the missing key: the task is dead and waits for a replay.
        return { kind: 'dead', error: { name: 'SealedEvent', message: errorText(error) } }
      }
    },
    settled: (claim, ...rest) => consumer.settled(open.get(claim) ?? claim, ...rest),
  })
  return { ...port, accept: (intake, host) => port.accept(sealed(seal, intake), host) }
}

// Copied member by member: a spread does not copy the methods of a class.
function openClaim(seal: Seal, claim: Claim): Claim {
  const { id, subscription, part, data, attempt } = claim
  return {
    id,
    subscription,
    part,
    data,
    attempt,
    ...opened(seal, { event: claim.event, delivery: claim.delivery }),
    ...(claim.onLost && { onLost: (stop: (reason: Error) => void) => claim.onLost!(stop) }),
    commit: claim.commit && ((write, spawn) => claim.commit!(write, spawn)),
    commitIn: claim.commitIn && ((transaction, spawn) => claim.commitIn!(transaction, spawn)),
    conflict: claim.conflict && ((error) => claim.conflict!(error)),
  }
}

function sealed(seal: Seal, { delivery, items }: Intake): Intake {
  const { method, url, receivedAt } = delivery
  return {
    delivery: {
      method,
      url: url.split(/[?#]/, 1)[0]!,
      headers: SEALED,
      body: seal.sealBytes(packDelivery(delivery), 'delivery'),
      receivedAt,
    },
    items: items.map(({ event, tasks }) => ({ event: sealEvent(seal, event), tasks })),
  }
}

/** An event as a sealing receiver stores it. */
export function sealEvent(seal: Seal, event: EventRecord): EventRecord {
  const { source: _, ...rest } = event
  const bytes = seal.sealBytes(toBuffer(encodeEvent(event)), event.key)
  return { ...rest, payload: MARK + encode(bytes, 'base64') }
}

/**
 * Opens an event and its delivery from an inbox. Data that was stored before sealing was turned on is returned
 * unchanged. Throws if no key fits.
 *
 * @example
 * const task = await inbox.view.get(id)
 * const { record, delivery } = opened(createSeal(key), { event: task.record, delivery: task.delivery })
 */
export function opened<Kept extends Pick<Claim, 'event' | 'delivery'>>(
  seal: Seal,
  kept: Kept,
): Kept {
  const { payload, key } = kept.event
  if (typeof payload !== 'string' || !payload.startsWith(MARK)) return kept
  const bytes = seal.openBytes(textBytes(payload.slice(MARK.length), 'base64'), key)
  const event = decodeEvent(utf8(bytes))
  // Nothing is left of the delivery of an erased event.
  const delivery = kept.event.erased
    ? kept.delivery
    : unpackDelivery(seal.openBytes(kept.delivery.body, 'delivery'))
  return { ...kept, event: { ...event, ...extras(kept.event) }, delivery }
}

/** Members that an inbox may have added. */
function extras({ origin, carrier, erased }: EventRecord): Partial<EventRecord> {
  return {
    ...(origin !== undefined && { origin }),
    ...(carrier && { carrier }),
    ...(erased && { erased }),
  }
}
