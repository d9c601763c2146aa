import { type Delivery, type EventMap, type SecretOption } from '@postern/core'
import {
  defineProvider,
  stringifyJson,
  token,
  type Draft,
  type EventDraft,
  type ParsedBody,
  type Provider,
} from '@postern/core/scheme'
import { joined } from './schemes/ids.ts'

/** Options of {@link dockerHub}: a `secret` of your own in the URL, or `unauthenticated`. */
export interface DockerHubOptions {
  /** A secret you put into the URL you give Docker Hub: `https://…/docker?secret=…`. */
  readonly secret?: SecretOption
  /** The query parameter that carries it. @default 'secret' */
  readonly queryKey?: string
  /** Takes deliveries from anybody who knows the URL. @default false */
  readonly unauthenticated?: boolean
}

/**
 * Docker Hub. It neither signs nor authenticates: a secret in the URL is all there can be. Topic is `push`; id is
 * repository, tag and `pushed_at`. Before you post to `callback_url`, check that its host is `registry.hub.docker.com`.
 * Docker Hub never tries again.
 * https://docs.docker.com/docker-hub/repos/manage/webhooks/
 */
export function dockerHub<Events extends EventMap = EventMap>(
  options: DockerHubOptions,
): Provider<Events> {
  const { secret, queryKey = 'secret', unauthenticated } = options
  return defineProvider<Events, string>({
    name: 'docker-hub',
    auth:
      secret === undefined ? { unauthenticated } : { scheme: token({ query: queryKey }), secret },
    events,
    compose,
  })
}

function events(_delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  const id = joined(value, 'repository.repo_name', 'push_data.tag', 'push_data.pushed_at')
  return [{ id, topic: 'push', payload: value }]
}

function compose({ id, payload }: Draft): { body: string } {
  const [repo_name = 'acme/app', tag = 'latest', pushed_at = '1417566161'] = id?.split(':') ?? []
  return {
    body: stringifyJson({
      push_data: { pushed_at: Number(pushed_at), tag },
      repository: { repo_name },
      ...(payload as object),
    }),
  }
}
