"""A stand-in for the npm registry, and tarballs for it."""

import io
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def packed(files: dict[str, bytes]) -> bytes:
    """A tarball of these files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


class Registry:
    """A registry of one file, or of several by name, which counts its requests."""

    def __init__(self, files: bytes | dict[str, bytes], status: int = 200):
        self.paths: list[str] = []
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.paths.append(self.path)
                content = files if isinstance(files, bytes) else files[self.path.rpartition("/")[2]]
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://name:secret@127.0.0.1:{self.server.server_address[1]}/npm/"

    def close(self) -> None:
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()
