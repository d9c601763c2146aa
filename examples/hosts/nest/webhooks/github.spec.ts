import { Test } from '@nestjs/testing'
import { PosternModule } from '@postern/nestjs'
import { postern } from '@postern/nestjs/testing'
import { github } from '@postern/providers/github'
import { expect, test } from 'vitest'
import { WebhookHandlers } from './handlers.ts'

test('push is handled', async () => {
  const provider = github({ secret: 'a-secret-of-tests' })
  const useFactory = () => ({ provider, log: false as const })
  const module = await Test.createTestingModule({
    imports: [PosternModule.receiver('github', '/webhooks/github', { useFactory })],
    providers: [WebhookHandlers],
  }).compile()
  const app = await module.createNestApplication().init()
  const { status, tasks } = await postern(app).deliver('github', 'push', {})
  await app.close()
  expect(status < 300).toBe(true)
  expect(tasks[0]?.state).toBe('done')
})
