import type {
  ALBEvent,
  ALBResult,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyResult,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda'

/** An HTTP request as Lambda gets it: of a function URL or an HTTP API, of a REST API, or of a load balancer. */
export type HttpEvent = APIGatewayProxyEventV2 | APIGatewayProxyEvent | ALBEvent

/** The reply in the form of the request's origin. */
export type HttpResult = APIGatewayProxyStructuredResultV2 & APIGatewayProxyResult & ALBResult
