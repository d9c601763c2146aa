import type { About } from '@postern/core/scheme'
import { requireOneOf } from '../options/checked-options.ts'
import { Failure } from '../print/failure.ts'
import { aboutOf } from './sender.ts'

/** The gateways that `--behind` takes: the provider of each, which verifies in the sender's place. */
const gateways = {
  hookdeck: 'hookdeck-gateway',
  svix: 'svix',
  qstash: 'qstash-gateway',
  'google-pubsub': 'google-pubsub',
  'google-cloud-tasks': 'google-cloud-tasks',
} as const

/** The names of the gateways, as `--behind` takes them. */
export const gatewayNames: readonly string[] = Object.keys(gateways)

/** The name by which `--behind` takes a gateway. */
export function gatewayName({ name }: About): string {
  return gatewayNames.find((one) => gateways[one as keyof typeof gateways] === name)!
}

/** The facts on the gateway that `--behind` names; undefined without that option. */
export async function gatewayOf(
  behind: string | undefined,
  sender: string,
): Promise<About | undefined> {
  if (behind === undefined) return undefined
  requireOneOf('--behind', behind, gatewayNames)
  const name = gateways[behind as keyof typeof gateways]
  if (name === sender)
    throw new Failure(2, `--behind must be another sender than ${sender}; leave it out`)
  return aboutOf(name)
}
