"""The ReRender API, served locally: HTTP in `api`, work in `jobs`, files in `storage`, its life in `server`."""
