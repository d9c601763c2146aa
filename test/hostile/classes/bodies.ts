import { REJECTED, type HostileCase, type Wire } from '../case.ts'
import { caseOf, type Genuine } from '../genuine.ts'

/** Any changed byte of a signed body and any changed signed time must be rejected. */
export function bodies(genuine: Genuine): readonly HostileCase[] {
  const { covers } = genuine.provider()
  const { wire, now } = genuine
  const cases: HostileCase[] = []
  const add = (kind: string, what: string, changed: Wire, at = now): void =>
    void cases.push(caseOf(genuine, kind, what, { wire: changed, status: REJECTED }, { now: at }))
  if (covers.body === 'bytes' && wire.body.byteLength > 2) {
    const middle = wire.body.byteLength >> 1
    const flipped = Uint8Array.from(wire.body)
    flipped[middle]! ^= 1
    add('body', 'one bit flipped', { ...wire, body: flipped })
    add('body', 'cut in the middle', { ...wire, body: wire.body.subarray(0, middle) })
    add('body', 'without its last byte', { ...wire, body: wire.body.subarray(0, -1) })
    add('body', 'with a line break behind it', { ...wire, body: Buffer.concat([wire.body, LINE]) })
    add('body', 'with a byte order mark', { ...wire, body: Buffer.concat([MARK, wire.body]) })
    add('body', 'twice', { ...wire, body: Buffer.concat([wire.body, wire.body]) })
    add('body', 'without a body', { ...wire, body: new Uint8Array(0) })
  }
  if (genuine.dated && now !== undefined) {
    add('time', 'a day late', wire, now + DAY)
    add('time', 'a day early', wire, now - DAY)
  }
  return cases
}

const LINE = Buffer.from('\n')
const MARK = Buffer.from('\uFEFF')
const DAY = 86_400_000
