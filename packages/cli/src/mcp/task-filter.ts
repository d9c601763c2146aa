import { z } from 'zod'

/** Which tasks, as tools take it. */
export const TASK_FILTER: Readonly<Record<string, z.ZodType>> = {
  receiver: z.string().optional(),
  subscription: z.string().optional(),
  provider: z.string().optional(),
  state: z.enum(['pending', 'running', 'done', 'dead']).optional(),
  id: z.string().optional().describe('one task'),
  topic: z.string().optional().describe('a pattern: * is one segment, ** the rest'),
  eventId: z.string().optional(),
  cause: z.string().optional(),
  text: z.string().optional(),
  after: z.number().optional().describe('received after, in milliseconds since 1970'),
  before: z.number().optional().describe('received before'),
}
