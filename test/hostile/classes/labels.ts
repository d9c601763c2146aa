import { REJECTED, TAKEN, withHeaders, type HostileCase } from '../case.ts'
import { caseOf, type Genuine } from '../genuine.ts'

const LABELS: Readonly<Record<string, string | undefined>> = {
  'no type': undefined,
  JSON: 'application/json',
  'a form': 'application/x-www-form-urlencoded',
  'the text that fetch sends': 'text/plain;charset=UTF-8',
  XML: 'text/xml',
  'multipart with another boundary': 'multipart/form-data; boundary=evil',
  bytes: 'application/octet-stream',
  'a charset that was added': 'application/json; charset=utf-16le',
  'a structured event': 'application/cloudevents+json',
}

/** An unsigned content type must not decide how signed bytes are parsed. */
export function labels(genuine: Genuine): readonly HostileCase[] {
  const { labelled, covers, formats = ['json'] } = genuine.provider()
  // If the body is not signed and several formats are allowed, the content type may decide.
  if (covers.body === 'none' && formats.length > 1) return []
  const { wire, runs } = genuine
  const signed = labelled !== undefined
  const status = signed ? [...TAKEN, ...REJECTED] : TAKEN
  return Object.entries(LABELS).map(([label, type]) => {
    const step = { wire: withHeaders(wire, { 'content-type': type }), status }
    return caseOf(genuine, 'label', `labelled ${label}`, step, { runs, orNone: signed })
  })
}
