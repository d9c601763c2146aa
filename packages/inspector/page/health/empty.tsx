import type { JSX } from 'preact'
import { copyText } from '../data/copy.ts'
import { useStatus } from '../data/status.ts'
import { Samples } from '../parts/samples.tsx'

/** Nothing came yet: how to send the first one. */
export function Empty(): JSX.Element {
  const { receivers } = useStatus()
  const provider = receivers[0]?.provider ?? 'github'
  const topic = receivers[0]?.topics.find((name) => !name.includes('*'))
  const command = `npx postern send ${provider}${topic === undefined ? '' : ` ${topic}`} --to ${location.origin}/webhooks/${provider}`
  return (
    <>
      <h1 class="sentence">
        <strong>No deliveries yet.</strong> Send one, with the path of your route:
      </h1>
      <div class="card command">
        <code>{command}</code>
        <button type="button" onClick={() => void copyText(command, 'command')}>
          Copy
        </button>
      </div>
      <Samples />
    </>
  )
}
