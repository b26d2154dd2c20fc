import type { Asked } from '../../parts/faults.ts';

/** An IAM action of ECR, and the repository that it is about. */
export interface EcrCall {
  readonly action: string;
  readonly repository: string;
}

/**
 * What IAM decides about a request to a registry, were it ECR (ECR user guide, "IAM permissions for pushing an image" and "Blob
 * mounting"); `undefined` for a request that it does not look at.
 */
export function ecrCallsOf({ method, path }: Asked): readonly EcrCall[] | undefined {
  const { pathname, searchParams } = new URL(path, 'http://registry');
  if (pathname === '/v2/') return [];
  const [, repository = '', kind = '', rest = ''] =
    /^\/v2\/(.+?)\/(manifests|blobs\/uploads|blobs)\/(.*)$/.exec(pathname) ?? [];
  const one = (action: string, of = repository): EcrCall => ({ action: `ecr:${action}`, repository: of });
  switch (`${method} ${kind}`) {
    case 'HEAD manifests':
    case 'GET manifests':
      return [one('BatchGetImage')];
    case 'PUT manifests':
      return [one('PutImage')];
    case 'HEAD blobs':
      return [one('BatchCheckLayerAvailability')];
    case 'GET blobs':
      return [one('GetDownloadUrlForLayer')];
    case 'POST blobs/uploads': {
      const from = searchParams.get('from');
      return [
        one('InitiateLayerUpload'),
        ...(from === null || rest !== '' ? [] : [one('GetDownloadUrlForLayer', from)]),
      ];
    }
    case 'PATCH blobs/uploads':
    case 'GET blobs/uploads':
      return [one('UploadLayerPart')];
    // Giving an upload up that was begun to see whether it may be: ECR has no right for that, and forgets uploads by itself.
    case 'DELETE blobs/uploads':
      return [];
    case 'PUT blobs/uploads':
      // With the whole layer as its body.
      return [one('UploadLayerPart'), one('CompleteLayerUpload')];
    default:
      return undefined;
  }
}
