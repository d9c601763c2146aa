import type { ActedRow } from '../../src/api/actions.ts'
import type { ChartsReply } from '../../src/api/charts.ts'
import { count } from './count.ts'
import { safe } from './safe.ts'

const DID: Readonly<Record<ActedRow['what'], string>> = {
  replay: 'run again',
  rerun: 'run with an edited payload',
  delete: 'deleted',
  erase: 'erased',
  prune: 'forgotten',
  mute: 'muted',
  unmute: 'unmuted',
}

export function did(what: ActedRow['what']): string {
  return DID[what]
}

export function happened(mark: ChartsReply['marks'][number]): string {
  if (mark.what === 'deploy') return `version ${safe(mark.version)} works`
  return `${count(mark.count)} ${did(mark.what)}${mark.by === undefined ? '' : ` by ${safe(mark.by)}`}`
}
