import type { SecretOption } from '@postern/core'
import { token, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { joinedId } from './schemes/ids.ts'
import { sampleJson } from './common/paths.ts'

/** Options of {@link dockerHub}: your own `secret` in the URL, or `unauthenticated`. */
export interface DockerHubOptions {
  /** Your own secret, which you put into the URL for Docker Hub: `https://…/docker?secret=…`. */
  readonly secret?: SecretOption
  /** Name of the query parameter with the secret. @default 'secret' */
  readonly queryKey?: string
  /** If true, accepts deliveries from anybody who knows the URL. @default false */
  readonly unauthenticated?: boolean
}

/**
 * Docker Hub. Docker Hub does not sign or authenticate, so put a secret into the URL. The topic is `push`. The id is
 * made of repository, tag and `pushed_at`. Docker no longer supports the payload's `callback_url`. Docker does not
 * document whether it retries.
 * https://docs.docker.com/docker-hub/repos/manage/webhooks/
 */
export const dockerHub: Factory<DockerHubOptions> = /* @__PURE__ */ provider({
  name: 'docker-hub',
  title: 'Docker Hub',
  docs: 'https://docs.docker.com/docker-hub/repos/manage/webhooks/',
  setup: {
    steps: ['<repository>', 'Webhooks', 'Create'],
    secret: 'a text of your own, in the URL: Docker Hub signs nothing',
  },
  notSecret: [[/^dckr_(?:pat|oat)_/, 'a token for the API']],
  topics: ['push'],
  facts: {
    scheme: 'secret in the query; nothing is signed',
    place: { query: 'token' },
    checked: '2026-11-28',
    delivers: {},
  },
  options: {
    secret: 'A secret of your own in the URL.',
    queryKey: 'The query parameter that carries it. Default secret.',
    unauthenticated: 'Accepts deliveries from anybody. Default false.',
  },
  covers: { body: 'none' },
  scheme: ({ queryKey = 'secret' }) => token({ query: queryKey }),
  events(_delivery, { value }) {
    const id = joinedId(value, 'repository.repo_name', 'push_data.tag', 'push_data.pushed_at')
    return [{ id, topic: 'push', payload: value }]
  },
  compose({ id, payload }) {
    const [repo_name = 'acme/app', tag = 'latest', pushed_at = '1417566161'] = id?.split(':') ?? []
    return {
      body: sampleJson(
        {
          push_data: { pushed_at: Number(pushed_at), tag },
          repository: { repo_name },
        },
        payload,
      ),
    }
  },
})
