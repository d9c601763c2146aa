/** Pages that describe how platforms, proxies and APIs pass a credential, each with its headers and parameters. */
const PAGES: Readonly<Record<string, string>> = {
  'https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2': 'authorization',
  'https://www.rfc-editor.org/rfc/rfc9110#section-11.7.2': 'proxy-authorization',
  'https://www.rfc-editor.org/rfc/rfc6265#section-5.4': 'cookie',
  'https://www.rfc-editor.org/rfc/rfc9449': 'dpop',
  'https://vercel.com/docs/oidc': 'x-vercel-oidc-token',
  'https://vercel.com/docs/deployment-protection': 'x-vercel-protection-bypass',
  'https://vercel.com/docs/headers/request-headers': 'x-vercel-sc-headers',
  'https://developers.cloudflare.com/cloudflare-one/access-controls/':
    'cf-access-jwt-assertion cf-access-token cf-access-client-id cf-access-client-secret',
  'https://docs.cloud.google.com/iap/docs/signed-headers-howto': 'x-goog-iap-jwt-assertion',
  'https://docs.cloud.google.com/iap/docs/identity-howto': 'x-goog-authenticated-user-email',
  'https://docs.cloud.google.com/run/docs/authenticating/service-to-service':
    'x-serverless-authorization',
  'https://docs.cloud.google.com/endpoints/docs/openapi/authenticating-users-custom':
    'x-endpoint-api-userinfo',
  'https://docs.cloud.google.com/api-gateway/docs/authenticating-users-custom':
    'x-apigateway-api-userinfo',
  'https://docs.cloud.google.com/api-gateway/docs/authenticate-service-account':
    'x-forwarded-authorization',
  'https://docs.cloud.google.com/docs/authentication/api-keys-use': 'x-goog-api-key',
  'https://developers.google.com/workspace/drive/api/guides/push': 'x-goog-channel-token',
  'https://firebase.google.com/docs/app-check/custom-resource-backend': 'x-firebase-appcheck',
  'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html':
    'x-amzn-oidc-accesstoken x-amzn-oidc-data x-amzn-oidc-identity',
  'https://docs.aws.amazon.com/verified-access/latest/ug/user-claims-passing.html':
    'x-amzn-ava-user-context',
  'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html': 'x-amz-security-token',
  'https://learn.microsoft.com/azure/app-service/configure-authentication-oauth-tokens':
    'x-ms-token-aad-access-token x-ms-token-aad-id-token x-ms-token-aad-refresh-token x-ms-token-google-id-token x-ms-token-facebook-access-token x-ms-token-twitter-access-token-secret',
  'https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities':
    'x-ms-client-principal',
  'https://learn.microsoft.com/azure/app-service/configure-authentication-customize-sign-in-out':
    'x-zumo-auth',
  'https://learn.microsoft.com/azure/azure-functions/function-keys-how-to': 'x-functions-key',
  'https://learn.microsoft.com/azure/api-management/api-management-subscriptions':
    'ocp-apim-subscription-key',
  'https://learn.microsoft.com/azure/event-grid/authenticate-with-access-keys-shared-access-signatures':
    'aeg-sas-key aeg-sas-token',
  'https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview': 'x-forwarded-access-token',
  'https://oauth2-proxy.github.io/oauth2-proxy/configuration/integration':
    'x-auth-request-access-token',
  'https://www.pomerium.com/docs/capabilities/getting-users-identity': 'x-pomerium-jwt-assertion',
  'https://goteleport.com/docs/enroll-resources/application-access/jwt/introduction/':
    'teleport-jwt-assertion',
  'https://docs.goauthentik.io/add-secure-apps/providers/proxy/': 'x-authentik-jwt',
  'https://developer.hashicorp.com/vault/api-docs': 'x-vault-token',
  'https://developer.hashicorp.com/consul/api-docs': 'x-consul-token',
  'https://github.com/nokia/kong-oidc': 'x-access-token x-id-token x-userinfo',
  'https://supabase.com/docs/guides/api/api-keys': 'apikey',
  'https://docs.gitlab.com/api/rest/authentication/': 'private-token',
  'https://hasura.io/docs/2.0/deployment/securing-graphql-endpoint/': 'x-hasura-admin-secret',
  'https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html':
    'x-csrf-token',
  'https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html':
    'x-api-key',
  'https://docs.rapidapi.com/docs/keys': 'x-rapidapi-key',
  'https://docs.parseplatform.org/rest/guide/': 'x-parse-master-key x-parse-rest-api-key',
  'https://developers.cloudflare.com/fundamentals/api/get-started/keys/': 'x-auth-key',
  'https://docs.sentry.io/organization/integrations/integration-platform/': 'webhook-secret',
  'https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1': 'client-secret',
}

/** Names of headers and parameters in which a credential is passed. */
export const PLATFORMS: readonly string[] = Object.values(PAGES).flatMap((names) =>
  names.split(' '),
)
